"""Merging twin branches of a graph: the same results from one branch, or the graph as it was."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from sensorium_tools.convert.simplify import simplify
from sensorium_tools.convert.twins import merge_twins

WIDTH = 6


def branch(name: str, source: str, shift: str = "shift", extra: tuple = ()) -> list:
    """Five operators on one row, with constants that both branches have."""
    steps = [
        helper.make_node("Add", [source, shift], [f"{name}1"]),
        helper.make_node("Sigmoid", [f"{name}1"], [f"{name}2"]),
        helper.make_node("Mul", [f"{name}2", f"{name}1"], [f"{name}3"]),
        helper.make_node("Gemm", [f"{name}3", "weights"], [f"{name}4"], transB=1),
    ]
    last = f"{name}4"
    for at, (kind, inputs, attributes) in enumerate(extra):
        steps.append(helper.make_node(kind, [last, *inputs], [f"{name}x{at}"], **attributes))
        last = f"{name}x{at}"
    return [*steps, helper.make_node("Relu", [last], [f"{name}5"])]


def model(nodes: list, outputs: tuple[str, ...] = ("sum",)):
    noise = np.random.default_rng(3)
    constants = {
        "shift": noise.normal(size=WIDTH).astype(np.float32),
        "other_shift": noise.normal(size=WIDTH).astype(np.float32),
        "mirror": np.float32([-1] * WIDTH),
        "weights": noise.normal(size=(WIDTH, WIDTH)).astype(np.float32),
        "flat": np.array([1, WIDTH], np.int64),
        "narrow": np.array([WIDTH // 2, 2], np.int64),
        "rows": np.array([0], np.int64),
    }
    graph = helper.make_graph(
        nodes, "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, WIDTH))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, WIDTH)) for name in outputs],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )


def twins(first: list, second: list):
    mirrored = helper.make_node("Mul", ["x", "mirror"], ["y"])
    return [*first, mirrored, *second, helper.make_node("Add", ["a5", "b5"], ["sum"])]


def count(made, kind: str) -> int:
    return sum(node.op_type == kind for node in made.graph.node)


def results(made, x: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": x})


RESHAPED = (("Reshape", ["flat"], {}),)


@pytest.mark.parametrize("extra", [(), RESHAPED], ids=["plain", "reshaped"])
def test_twins_run_once_and_give_the_same(extra):
    given = model(twins(branch("a", "x", extra=extra), branch("b", "y", extra=extra)))
    made = simplify(given)
    assert (count(given, "Gemm"), count(made, "Gemm")) == (2, 1)
    for x in np.random.default_rng(0).normal(size=(20, 1, WIDTH)).astype(np.float32):
        np.testing.assert_allclose(results(made, x)[0], results(given, x)[0], rtol=1e-5, atol=1e-6)


def test_the_same_model_gives_the_same_bytes():
    made = [
        simplify(model(twins(branch("a", "x"), branch("b", "y")))).SerializeToString(
            deterministic=True
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]


@pytest.mark.parametrize("extra", [
    (("Softmax", [], {"axis": 0}),),
    (("ReduceSum", ["rows"], {"keepdims": 1}),),
    (("Reshape", ["narrow"], {}), ("Softmax", [], {"axis": 0}), ("Reshape", ["flat"], {})),
], ids=["softmax", "sum", "folded rows"])  # fmt: skip
def test_an_operator_across_the_batch_leaves_the_model_as_it_was(extra):
    given = model(twins(branch("a", "x", extra=extra), branch("b", "y", extra=extra)))
    assert merge_twins(given) is not None
    assert simplify(given) is given


def test_branches_with_other_constants_are_no_twins():
    given = model(twins(branch("a", "x"), branch("b", "y", "other_shift")))
    made = simplify(given)
    x = np.ones((1, WIDTH), np.float32)
    np.testing.assert_allclose(results(made, x)[0], results(given, x)[0], rtol=1e-5)
    assert count(made, "Add") >= 2


def test_a_branch_that_is_read_elsewhere_stays():
    nodes = twins(branch("a", "x"), branch("b", "y"))
    given = model(nodes, ("sum", "b3"))
    made = simplify(given)
    x = np.ones((1, WIDTH), np.float32)
    for ours, theirs in zip(results(made, x), results(given, x), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_what_no_output_needs_does_not_stop_it():
    dead = helper.make_node("Relu", ["a2"], ["unread"])
    made = simplify(model([*twins(branch("a", "x"), branch("b", "y")), dead]))
    assert (count(made, "Gemm"), count(made, "Relu")) == (1, 1)
