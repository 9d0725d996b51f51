"""What is said of the governor's steps, and that nobody's name is taken for markup or a command."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sensorium.cli import governor, grants, status, why
from sensorium.cli.output import Output
from sensorium.inference.governor import words
from sensorium.inference.governor.frame import Risk
from sensorium.inference.governor.policy import Policy
from sensorium.inference.governor.step import Cause, StepKind

if TYPE_CHECKING:
    import pytest
    from rich.console import RenderableType

NAME = "[/b] [red]x[/] $(touch x) 'y'; rm *"


def a_step(**more: Any) -> dict[str, Any]:
    return {
        "change": 1, "ago_s": 2.0, "app": "game", "sense": "gesture", "engine": "recogniser",
        "from": {"step": "full", "interval_ms": 0},
        "to": {"step": "reduced", "interval_ms": 250}, "cause": "late", "level": 3, "frame": 812,
        "frame_ms": 17.778, "late_ms": 6.667, "period_ms": 11.111, "busy_ms": 16.2,
        "cost_ms_s": 0.0, "pressure": None, **more,
    }  # fmt: skip


def printed(what: RenderableType) -> str:
    console = Console(width=300, highlight=False)
    with console.capture() as captured:
        console.print(what)
    return captured.get()


def test_each_cause_step_risk_and_policy_has_its_words() -> None:
    said = {cause: words.why(a_step(cause=cause.name.lower())) for cause in Cause if cause}
    assert len(set(said.values())) == len(said)
    assert not set(said.values()) & {cause.name.lower() for cause in Cause}
    assert said[Cause.LATE] == "frame 812 took 17.8 ms of 11.1, 6.7 ms too late"
    assert said[Cause.CLOSE] == "frame 812 took 17.8 ms of 11.1, p95 16.2 ms"
    assert set(words.RISKS) == {risk.name.lower() for risk in Risk}
    assert set(words.POLICIES) == {policy.name.lower() for policy in Policy}
    places = {words.where(kind.name.lower(), 250) for kind in StepKind}
    assert len(places) == len(StepKind)
    assert "every 250 ms" in places


def test_the_evidence_has_what_is_known_and_nothing_else() -> None:
    assert words.why(a_step(period_ms=0.0, late_ms=0.0)) == "frame 812 took 17.8 ms"
    pressed = a_step(cause="pressure", app="", pressure=0.25, cost_ms_s=40.4)
    assert words.why(pressed) == (
        "others need the processors: 25% of the time; its engines took 40 ms each second"
    )
    assert words.why(a_step(cause="relief", app="")) == "others need less again"
    all_engines = a_step(sense="", engine="", cost_ms_s=40.0)
    assert words.end_of(all_engines, "from") == "as usual"
    assert words.end_of(all_engines, "to") == "in the background"
    assert "its engines" not in words.why(all_engines)


def test_no_name_is_markup() -> None:
    thing = {"name": NAME, "id": 4}
    evidence = {"text": NAME, "kind": "word", "target": thing, "from_s": 0.1, "to_s": 0.2,
                "weight": None}
    shown = [
        governor.steps_table([a_step(app=NAME)]), why.evidence_table([evidence]),
        status.part_table({"camera": {"state": "failed", "detail": NAME, "remedy": ""}}),
    ]  # fmt: skip
    for one in shown:
        assert NAME in printed(one)


def test_a_command_that_is_to_be_copied_does_what_it_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    wish = {"app": NAME, "executable": "/x", "class": "motion", "at": "2026-11-28T01:00:00"}
    grant = {"app": NAME, "executable": "", "classes": ["gaze"], "allowed": True,
             "since": "2026-11-28T01:00:00", "until": ""}  # fmt: skip
    listed = {"grants": [grant], "pending": [wish], "problem": NAME}
    grants.show(listed, Output(as_json=False), running=True)
    said = capsys.readouterr().out
    assert said.count(NAME) == 3
    command = said.splitlines()[-1]
    assert shlex.split(command) == ["sensorium", "grants", "allow", NAME, "motion"]
