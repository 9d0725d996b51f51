"""The page of an engine: what a person wrote at its end outlives what the tool writes anew."""

from __future__ import annotations

import dataclasses

from sensorium.inference import store
from sensorium_tools import commands


def test_what_was_measured_apart_is_kept(tmp_path) -> None:
    card = dataclasses.replace(store.find_card("gtcrn"), folder=tmp_path)
    assert commands._apart(card) == ""
    page = tmp_path / "README.md"
    page.write_text("# gtcrn\n\nold figures\n", encoding="utf-8")
    assert commands._apart(card) == ""
    kept = "\n## Measured by a benchmark\n\n10 % and 20 %\n\n## Measured by ear\n"
    page.write_text("# gtcrn\n\nold figures\n" + kept, encoding="utf-8")
    assert commands._apart(card) == kept
