"""The linter finds each thing that a target would compute wrongly, and nothing in a sound graph."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from fixtures import graphs
from onnx import helper, numpy_helper

from sensorium.inference.card_tables import Quantisation
from sensorium_tools.quantise.lint import lint, weighted_in_int8
from sensorium_tools.quantise.prepare import prepare
from sensorium_tools.quantise.static import StaticQuantiser


@pytest.fixture(scope="module")
def quantised() -> dict[str, onnx.ModelProto]:
    noise = np.random.default_rng(0)
    feeds = [{"image": noise.standard_normal((1, 3, 32, 32)).astype(np.float32)} for _ in range(4)]
    prepared = prepare("cnn", graphs.cnn().SerializeToString())
    made = StaticQuantiser("cnn", prepared, Quantisation(scheme="static"), feeds)
    return {
        target: onnx.load_from_string(made.quantise(target)) for target in ("cpu", "tensorrt")
    }


def rules(model: onnx.ModelProto, target: str) -> set[str]:
    return {finding.rule for finding in lint(model, target)}


@pytest.mark.parametrize("target", ["cpu", "tensorrt"])
def test_what_the_quantiser_makes_for_a_target_is_sound(quantised, target: str) -> None:
    assert lint(quantised[target], target) == []
    inside, outside = weighted_in_int8(quantised[target])
    assert sorted(inside) == ["conv1", "conv2", "conv3", "head"]
    assert outside == []


def test_the_one_for_the_other_target_is_not(quantised) -> None:
    assert rules(quantised["cpu"], "tensorrt") >= {"uint8", "int32-bias"}
    assert "int8-activation" in rules(quantised["tensorrt"], "cpu")


def changed(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def test_a_zero_point_that_is_not_0_is_found(quantised) -> None:
    model = changed(quantised["tensorrt"])
    node = next(node for node in model.graph.node if node.op_type == "QuantizeLinear")
    for tensor in model.graph.initializer:
        if tensor.name == node.input[2]:
            tensor.CopyFrom(numpy_helper.from_array(np.array(3, np.int8), tensor.name))
    assert "zero-point" in rules(model, "tensorrt")


def test_a_q_between_conv_and_relu_is_found(quantised) -> None:
    model = changed(quantised["tensorrt"])
    relu = next(node for node in model.graph.node if node.name == "relu1")
    first = next(node for node in model.graph.node if node.op_type == "QuantizeLinear")
    scale, zero = first.input[1:]
    made = [
        helper.make_node("QuantizeLinear", [relu.input[0], scale, zero], ["q"], "q"),
        helper.make_node("DequantizeLinear", ["q", scale, zero], ["dq"], "dq"),
    ]
    relu.input[0] = "dq"
    place = [node.name for node in model.graph.node].index("relu1")
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes[:place], *made, *nodes[place:]])
    onnx.checker.check_model(model, full_check=True)
    found = lint(model, "tensorrt")
    assert [(finding.rule, finding.node) for finding in found] == [("split-relu", "relu1")]


def test_a_layer_of_which_only_one_side_is_quantised_is_found(quantised) -> None:
    model = changed(quantised["tensorrt"])
    conv = next(node for node in model.graph.node if node.name == "conv1")
    conv.input[0] = "image"
    found = lint(model, "tensorrt")
    assert [(finding.rule, finding.node) for finding in found] == [("half", "conv1")]
    assert weighted_in_int8(model)[1] == ["conv1"]


def test_a_product_of_two_activations_may_read_one_that_is_quantised(quantised) -> None:
    model = changed(quantised["cpu"])
    read = next(
        node.input[0] for node in model.graph.node
        if node.op_type == "DequantizeLinear" and node.input[0] not in
        {tensor.name for tensor in model.graph.initializer}
    )
    dequantised = next(
        node.output[0] for node in model.graph.node if list(node.input[:1]) == [read]
    )
    model.graph.node.append(
        helper.make_node("MatMul", ["image", dequantised], ["product"], "attend")
    )
    assert lint(model, "cpu") == []


def test_a_graph_without_q_is_sound_and_has_nothing_in_int8() -> None:
    model = graphs.cnn()
    assert lint(model, "cpu") == lint(model, "tensorrt") == []
    assert weighted_in_int8(model)[0] == []
