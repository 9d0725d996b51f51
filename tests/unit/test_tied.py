"""A look-up reads the INT8 table of the product it shares it with; nothing else changes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sensorium.inference.card_tables import Quantisation
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.quantise.dynamic import DynamicQuantiser
from sensorium_tools.quantise.tied import tie

WIDTH, TOKENS = 32, 500


def made(axis: int) -> onnx.ModelProto:
    """An embedding and the product with the same table: token and vector to row and logits."""
    shape = (WIDTH, TOKENS) if axis else (WIDTH, WIDTH)
    table = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "token"], ["row"], "look_up", axis=axis),
        helper.make_node("MatMul", ["vector", "table"], ["logits"], "product"),
    ]
    graph = helper.make_graph(
        nodes, "tied",
        [helper.make_tensor_value_info("token", TensorProto.INT64, (1,)),
         helper.make_tensor_value_info("vector", TensorProto.FLOAT, (1, WIDTH))],
        [helper.make_tensor_value_info("row", TensorProto.FLOAT, None),
         helper.make_tensor_value_info("logits", TensorProto.FLOAT, (1, shape[1]))],
        [numpy_helper.from_array(table, "table")],
    )  # fmt: skip
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 18)])


def quantised(model: onnx.ModelProto, **recipe) -> bytes:
    settings = Quantisation(scheme="dynamic", operators=("MatMul",), **recipe)
    # Seven bits saturate on no CPU.
    return DynamicQuantiser("tied", model, settings).quantise("cpu", bits=7)


@pytest.mark.parametrize("per_channel", [True, False])
def test_the_table_is_there_once_and_means_the_same(per_channel: bool) -> None:
    model = made(1)
    data = quantised(model, per_channel=per_channel)
    found = onnx.load_from_string(data)
    onnx.checker.check_model(found, full_check=True)
    tables = [each for each in found.graph.initializer if WIDTH * TOKENS in (np.prod(each.dims),)]
    assert [each.data_type for each in tables] == [TensorProto.INT8]
    before, after = GraphRun("x", model.SerializeToString()), GraphRun("x", data)
    for token in (0, 7, TOKENS - 1):
        feeds = {"token": np.array([token]), "vector": np.ones((1, WIDTH), np.float32)}
        one, other = before(feeds), after(feeds)
        np.testing.assert_allclose(other["row"], one["row"], atol=0.08)
        np.testing.assert_allclose(other["logits"], one["logits"], atol=0.5)


def test_rows_and_tables_without_a_product_stay_as_they_are() -> None:
    rows = onnx.load_from_string(quantised(made(0)))
    assert any(each.name == "table" for each in rows.graph.initializer)
    plain = made(1)
    assert tie(plain).SerializeToString() == plain.SerializeToString()
