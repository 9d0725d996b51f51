"""The dashboard for Grafana: what its panels need to be drawn at all."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from sensorium import folders

PANELS: list[dict[str, Any]] = json.loads(
    (folders.data_room("configs") / "grafana.json").read_text("utf-8")
)["panels"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel['id']} {panel['title']}")
def test_what_asks_draws_and_what_draws_asks(panel: dict[str, Any]) -> None:
    # A row draws nothing, whatever it asks.
    assert (panel["type"] == "row") is not bool(panel.get("targets"))
    letters = [target["refId"] for target in panel.get("targets", ())]
    assert len(set(letters)) == len(letters)


def test_no_panel_lies_on_another() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    places = [panel["gridPos"] for panel in PANELS]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        )  # fmt: skip
        assert apart, (one, other)
