"""Every engine of the bundle: it converts, runs, and TensorRT for RTX builds it without a GPU.

The ranges here are those of noise: which layers are INT8 does not depend on them.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from fixtures import engines

from sensorium.inference import store
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.plan.build import build_plan, missing
from sensorium_tools.plan.layers import weighted_int8
from sensorium_tools.quantise.lint import lint
from sensorium_tools.quantise.prepare import prepare
from sensorium_tools.quantise.static import StaticQuantiser

NAMES = store.names()
STATIC = tuple(name for name in NAMES if store.find_card(name).quantisation.scheme == "static")


def noise(name: str, count: int) -> list[dict[str, np.ndarray]]:
    card = store.find_card(name)
    source = np.random.default_rng(0)
    return [
        {
            port.name: source.random(card.sizes(port)).astype(port.type)
            for port in card.inputs
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_has_what_its_card_says_and_runs(name: str) -> None:
    card = store.find_card(name)
    results = GraphRun(name, engines.graph(name), 2)(noise(name, 1)[0])
    for port in card.outputs:
        assert results[port.name].shape == card.sizes(port)
        assert np.isfinite(results[port.name]).all()


@pytest.mark.parametrize("name", STATIC)
def test_rtx_runs_every_weighted_layer_of_an_int8_artefact_in_int8(name: str) -> None:
    reason = missing()
    if reason:
        pytest.skip(reason)
    card = store.find_card(name)
    prepared = prepare(name, engines.graph(name))
    made = StaticQuantiser(name, prepared, card.quantisation, noise(name, 2))
    data = made.quantise("tensorrt")
    assert lint(onnx.load_from_string(data), "tensorrt") == []
    plan = build_plan(data, card, lambda *_: None)
    inside, others = weighted_int8(plan.layers)
    kept = {
        node.name for node in prepared.graph.node
        if node.op_type in card.quantisation.operators and node.name not in made.nodes
    }
    assert inside >= 1
    assert [layer for layer in others if not any(node in layer for node in kept)] == []
    assert plan.left_out == ""
