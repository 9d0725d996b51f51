"""RoiAlign in other operators gives what ONNX Runtime's own RoiAlign gives."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from fixtures.families.family import constant, model, node

from sensorium_tools.graph_run import GraphRun
from sensorium_tools.plan.region_align import without_region_align

HEIGHT, WIDTH, REGIONS = 9, 14, 40


def graph(*, opset: int = 18, pictures: int = 1, regions: int | str = REGIONS, **attributes):
    said = {
        "output_height": 3, "output_width": 2, "sampling_ratio": 2, "spatial_scale": 0.25,
        "mode": "avg", "coordinate_transformation_mode": "half_pixel", **attributes,
    }
    made = model(
        [node("RoiAlign", ["picture", "regions", "which"], ["cells"], "align", **said)],
        {"picture": (pictures, 5, HEIGHT, WIDTH), "regions": (regions, 4)},
        {"cells": (regions, 5, said["output_height"], said["output_width"])},
        [constant("which", np.zeros(REGIONS, np.int64))],
    )
    made.opset_import[0].version = opset
    return made.SerializeToString()


def operators(data: bytes) -> set[str]:
    return {each.op_type for each in onnx.load_from_string(data).graph.node}


@pytest.mark.parametrize(
    "attributes",
    [
        {}, {"sampling_ratio": 1}, {"sampling_ratio": 3, "output_height": 1},
        {"coordinate_transformation_mode": "output_half_pixel"}, {"spatial_scale": 1.0},
        {"regions": "regions"}, {"opset": 16},
    ],
    ids=str,
)
def test_it_gives_the_same_numbers(attributes) -> None:
    """Regions of every kind: inside, across each edge, far outside, of no size, turned round."""
    data = graph(**attributes)
    made = without_region_align(data)
    assert "RoiAlign" not in operators(made)
    onnx.checker.check_model(onnx.load_from_string(made), full_check=True)
    noise = np.random.default_rng(5)
    feeds = {
        "picture": noise.standard_normal((1, 5, HEIGHT, WIDTH)).astype(np.float32),
        "regions": noise.uniform(-20, 80, (REGIONS, 4)).astype(np.float32),
    }
    feeds["regions"][0] = 8
    wanted, got = (GraphRun("align", each)(feeds)["cells"] for each in (data, made))
    assert np.abs(wanted).max() > 0.5
    np.testing.assert_allclose(got, wanted, atol=2e-5)


@pytest.mark.parametrize(
    "attributes",
    [{"mode": "max"}, {"sampling_ratio": 0}, {"pictures": 2}, {"opset": 21}], ids=str,
)
def test_what_cannot_be_written_so_stays(attributes) -> None:
    data = graph(**attributes)
    assert operators(without_region_align(data)) == {"RoiAlign"}


def test_a_graph_without_it_is_not_touched() -> None:
    data = model(
        [node("Relu", ["x"], ["y"])], {"x": (1, 2)}, {"y": (1, 2)}, []
    ).SerializeToString()
    assert without_region_align(data) is data
