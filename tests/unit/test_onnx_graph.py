"""What is refused of an ONNX file, and how a card's shapes are set on one."""

from __future__ import annotations

import contextlib

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from sensorium.errors import EngineError
from sensorium.inference import card as cards
from sensorium_tools.convert.onnx_graph import check, convert

CARD = """
[engine]
name = "small"
title = "A test"
[conversion]
converter = "onnx"
[[sources]]
kind = "file"
paths = ["small.onnx"]
[[weights]]
name = "small.onnx"
sha256 = "{zeros}"
[upstream]
project = "test"
licence = "MIT"
licence_from = "here"
notice = "NOTICE"
[[inputs]]
name = "{input_name}"
shape = {input}
type = "{type}"
unit = "none"
about = "x"
[[outputs]]
name = "y"
shape = {output}
unit = "none"
about = "y"
{axes}
[evaluation]
task = "agreement"
sets = ["speech"]
[memory]
peak_mib = 1
[[targets]]
kind = "cpu"
"""
AXIS = '[[axes]]\nname = "n"\nmin = 1\ntypical = 4\nmax = 9\n'


@pytest.fixture
def card(tmp_path):
    def made(given: str, result: str, axes: str = "", input_name: str = "x", kind="float32"):
        folder = tmp_path / "small"
        folder.mkdir(exist_ok=True)
        (folder / "card.toml").write_text(
            CARD.format(
                input=given, output=result, axes=axes, zeros="0" * 64, input_name=input_name,
                type=kind,
            )
        )  # fmt: skip
        return cards.read(folder)

    return made


WEIGHTS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def model(
    *, given=("batch", 4), result=("batch", 3), weights=WEIGHTS, nodes=None, opset=13, extra=()
):
    """x [?, 4] by weights [4, 3], cut to at most 1."""
    nodes = nodes or [
        helper.make_node("MatMul", ["x", "w"], ["m"], doc_string="made at home"),
        helper.make_node("Min", ["m", "most"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, result)],
        [numpy_helper.from_array(weights, "w"),
         numpy_helper.from_array(np.float32(np.inf), "most")],
        doc_string="who",
    )  # fmt: skip
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(*one) for one in extra)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=8, doc_string="me")
    helper.set_model_props(made, {"author": "somebody"})
    return made.SerializeToString()


def shapes(data: bytes):
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.get_inputs()[0].shape, session.get_outputs()[0].shape


def test_free_sizes_are_fixed(card):
    data = convert(card("[2, 4]", "[2, 3]"), [model(extra=[("ai.onnx.ml", 2)])])
    assert shapes(data) == ([2, 4], [2, 3])
    made = onnx.load_from_string(data)
    assert not made.metadata_props
    assert not made.doc_string
    assert not made.graph.doc_string
    assert not any(node.doc_string for node in made.graph.node)
    assert [entry.domain for entry in made.opset_import] == [""]


def test_free_sizes_become_an_axis(card):
    data = convert(card('["n", 4]', '["n", 3]', AXIS), [model()])
    assert shapes(data) == (["n", 4], ["n", 3])
    check(card('["n", 4]', '["n", 3]', AXIS), data)


def test_a_file_with_the_cards_shapes_keeps_its_bytes(card):
    data = model(given=(2, 4), result=(2, 3))
    assert convert(card("[2, 4]", "[2, 3]"), [data]) == data


def test_the_same_file_gives_the_same_bytes(card):
    made = {convert(card("[2, 4]", "[2, 3]"), [model()]) for _ in range(2)}
    assert len(made) == 1


@pytest.mark.parametrize(
    ("given", "result", "more", "said"),
    [("[2, 5]", "[2, 3]", {}, r"x is \(batch, 4\), the card states \(2, 5\)"),
     ("[2, 4, 1]", "[2, 3]", {}, r"x is \(batch, 4\)"),
     ("[2, 4]", "[2, 7]", {}, r"y is \(batch, 3\), the card states \(2, 7\)"),
     ("[2, 4]", "[5, 3]", {}, r"y comes out as \(2, 3\), the card states \(5, 3\)"),
     ("[2, 4]", "[2, 3]", {"input_name": "z"}, r"inputs \['z'\], the graph has \['x'\]"),
     ("[2, 4]", "[2, 3]", {"kind": "int64"}, "x is FLOAT, the card states int64")],
)  # fmt: skip
def test_a_card_that_contradicts_the_graph_is_refused(card, given, result, more, said):
    with pytest.raises(EngineError, match=rf"^small: .*{said}"):
        convert(card(given, result, **more), [model()])


def test_shapes_that_do_not_go_through_the_graph_are_refused(card):
    free = model(given=("batch", "width"), result=("batch", 3))
    with pytest.raises(EngineError, match="does not take the card's shapes"):
        convert(card("[2, 5]", "[2, 3]"), [free])


def test_dynamic_shapes_without_a_profile_are_refused(card):
    with pytest.raises(EngineError, match=r"x is \('batch', 4\): dynamic shapes without a profile"):
        check(card("[2, 4]", "[2, 3]"), model())
    with pytest.raises(EngineError, match="dynamic shapes without a profile") as caught:
        check(card('["n", 4]', '["n", 3]', AXIS), model(given=("n", 4), result=(None, 3)))
    assert "[[axes]]" in caught.value.remedy


def node(kind: str, **more) -> list:
    return [helper.make_node(kind, ["x"], ["y"], **more)]


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "not an ONNX model"), (b"\x00" * 400, "not an ONNX model"),
     (b"PK\x03\x04" + b"\x01" * 200, "not an ONNX model"), (model()[:-40], "not an ONNX model"),
     (model()[:30], "not an ONNX model"),
     (model(nodes=node("Fast", domain="com.maker"), extra=[("com.maker", 1)]),
      "com.maker.Fast is not a standard operator"),
     (model(opset=8), "opset is 8, supported are 9 to 21"),
     (model(opset=22), "opset is 22"),
     (model(weights=np.full_like(WEIGHTS, np.nan)), "weight w has values that are not finite"),
     (model(weights=np.full_like(WEIGHTS, -np.inf)), "weight w has values that are not finite")],
    ids=range(10),
)  # fmt: skip
def test_what_no_engine_can_be_made_of_is_refused(card, data, said):
    with pytest.raises(EngineError, match=rf"^small: .*{said}") as caught:
        convert(card("[2, 4]", "[2, 3]"), [data])
    assert caught.value.remedy


def test_control_flow_is_refused(card):
    body = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["out"])], "body", [],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, (4, 3))],
    )  # fmt: skip
    nodes = [
        helper.make_node("Constant", [], ["yes"], value=numpy_helper.from_array(np.array(True))),
        helper.make_node("If", ["yes"], ["chosen"], then_branch=body, else_branch=body),
        helper.make_node("MatMul", ["x", "chosen"], ["y"]),
    ]
    with pytest.raises(EngineError, match="has the operator If"):
        convert(card("[2, 4]", "[2, 3]"), [model(nodes=nodes)])


def test_weights_in_another_file_are_refused(card):
    made = onnx.load_from_string(model(given=(2, 4), result=(2, 3)))
    weight = made.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="other.bin")
    with pytest.raises(EngineError):
        convert(card("[2, 4]", "[2, 3]"), [made.SerializeToString()])


def test_functions_of_its_own_are_refused(card):
    twice = helper.make_function(
        "com.maker", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 13)],
    )  # fmt: skip
    made = onnx.load_from_string(
        model(nodes=node("Twice", domain="com.maker"), result=("batch", 4),
              extra=[("com.maker", 1)])
    )  # fmt: skip
    made.functions.append(twice)
    with pytest.raises(EngineError, match="functions of its own, such as Twice"):
        convert(card("[2, 4]", "[2, 4]"), [made.SerializeToString()])


def test_weights_that_old_files_list_as_inputs_are_no_inputs(card):
    made = onnx.load_from_string(model())
    made.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, (4, 3)))
    assert shapes(convert(card("[2, 4]", "[2, 3]"), [made.SerializeToString()])) == (
        [2, 4], [2, 3],
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_a_garbled_file_is_an_engine_error_or_another_model(card, seed):
    noise = np.random.default_rng(seed)
    data = bytearray(model())
    for place in noise.integers(0, len(data), 1 + seed % 5):
        data[place] = noise.integers(0, 256)
    with contextlib.suppress(EngineError):
        convert(card("[2, 4]", "[2, 3]"), [bytes(data)])
