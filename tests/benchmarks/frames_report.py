"""The table, the goals and the document of frames.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from figures import Figures, machine
from frames_daemon import GOVERNED, OFF

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSED_PP, P99_RATIO = 0.5, 1.05
FEW_ROUNDS = 10
BUSY_SHARE = 0.4
TOO_BUSY_PERCENT = 5.0
"""Of frames that are missed with AI off: what is measured then is not the AI."""
REACTION_FRAMES, FULL_S, CHANGES_A_SECOND = 2, 10, 1
GESTURE_MS, OWN_SHARE = 100, 0.005
GESTURES = ("gesture_left", "gesture_right")


def title() -> str:
    """Above the table and the picture."""
    return f"Frames beside AI ({machine()})"


def figures(
    cases: Sequence[dict[str, Any]], senses: Sequence[str], left_out: Sequence[str]
) -> Figures:
    """All of it."""
    found = Figures(
        "Frames beside AI",
        ("load", "AI", "frames", "missed %", "missed, pp more", "waiting, missed %", "p50 ms",
         "p95 ms", "p99 ms", "p99 ratio", "gesture p99 ms", "said / heard", "idle / steal %"),
        more={"senses": list(senses), "left_out": list(left_out), "doubts": doubts(cases),
              "cases": list(cases)},
    )
    for case in cases:
        for arm, one in case["arms"].items():
            _row(found, case, arm, one)
        _goals(found, case)
    return found


def doubts(cases: Sequence[dict[str, Any]]) -> list[str]:
    """Why figures may say nothing."""
    found = []
    for case in cases:
        without = case["arms"].get(OFF)
        if without and without["missed_percent"] > TOO_BUSY_PERCENT:
            found.append(
                f"{case['load']}: AI off missed {without['missed_percent']:.1f} % by itself: the "
                "PC is too slow or too busy for this load, and the comparison says nothing"
            )
        for arm, restarts in case["restarts"].items():
            if restarts:
                found.append(
                    f"{case['load']}: AI {arm}: processes of the daemon were started anew "
                    f"{restarts} times; what was said meanwhile may be lost"
                )
        if GOVERNED in case["arms"] and not case["governor"]["told"]:
            found.append(f"{case['load']}: the governor told nothing")
        spent = case["cores"].get(OFF)
        if case["kind"] == "hello_xr" and spent and 1 - spent["idle share"] < BUSY_SHARE:
            found.append(
                f"{case['load']}: with AI off {100 * spent['idle share']:.0f} % of the PC is idle: "
                "the app does not compete with the senses; give a larger --scale"
            )
        if case["reaction"] and not any(each["began_full"] for each in case["reaction"]):
            found.append(
                f"{case['load']}: the governor never gave all back before frames were made late, "
                "so that its reaction is not known"
            )
        again = [one for each in case["reaction"] for one in each["taken_again"]]
        if again:
            alone = sum(one.get("without_waiting", False) for one in again)
            found.append(
                f"{case['load']}: after relief, once all was back, the governor took something "
                f"again {len(again)} times, {alone} of them for a frame that was late though its "
                "threads had a processor: the PC or its host was slow"
            )
        if case["rounds"] < FEW_ROUNDS:
            found.append(
                f"{case['load']}: {case['rounds']} rounds; with fewer than {FEW_ROUNDS} intervals "
                "are too narrow"
            )
    return found


def _row(found: Figures, case: dict[str, Any], arm: str, one: dict[str, Any]) -> None:
    beside = one.get("against_off", {})
    speech = case["speech"].get(arm)
    spent = case["cores"][arm]
    found.row(
        case["load"], arm, one["frames"], one["missed_percent"],
        _interval(beside.get("missed_pp")), one["for_want_of_a_core"].get("missed_percent", ""),
        *(one["frame_ms"][q] for q in ("p50", "p95", "p99")),
        _interval(beside.get("p99_ratio")), _gesture_ms(case, arm) or "",
        f"{speech['spoken']} / {speech['heard']}" if speech else "",
        f"{100 * spent['idle share']:.0f} / {100 * spent['steal share']:.1f}",
    )


def _interval(one: dict[str, float] | None) -> str:
    return f"{one['value']:.2f} ({one['low']:.2f} to {one['high']:.2f})" if one else ""


def _gesture_ms(case: dict[str, Any], arm: str) -> float | None:
    ages = case["freshness"].get(arm, {})
    return max((ages[name]["p99"] for name in GESTURES if name in ages), default=None)


def _goals(found: Figures, case: dict[str, Any]) -> None:
    """Of the arm with the governor; without that arm there are none."""
    name = case["load"]
    governed = case["arms"].get(GOVERNED)
    if governed is None:
        return
    beside = governed.get("against_off")
    if OFF in case["arms"] and beside:
        found.goal(f"{name}: missed frames more than AI off, pp, upper end",
                   beside["missed_pp"]["high"], MISSED_PP)
        found.goal(f"{name}: p99 frame time by AI off's, upper end",
                   beside["p99_ratio"]["high"], P99_RATIO)
    acted = [each["frames_to_act"] for each in case["reaction"] if each["began_full"]]
    if acted:
        found.goal(f"{name}: frames after the first late one until it acts, most",
                   max(acted), REACTION_FRAMES)
    if case["reaction"]:
        found.goal(f"{name}: relief to full, s, most",
                   max(each["full_after_s"] for each in case["reaction"]), FULL_S)
    if case["governor"]["told"]:
        found.goal(f"{name}: changes of a step within any second of steady load, most",
                   case["governor"]["most_changes_in_a_second"], CHANGES_A_SECOND)
    speech = case["speech"].get(GOVERNED)
    if speech and speech["spoken"]:
        found.goal(f"{name}: sentences lost of {speech['spoken']}", speech["lost"], 0)
    gesture = _gesture_ms(case, GOVERNED)
    if gesture is not None:
        found.goal(f"{name}: age of the newest gesture, ms, p99", gesture, GESTURE_MS)
    own = case["cores"][GOVERNED].get("governor's thread")
    if own is not None:
        found.goal(f"{name}: the governor's own share of a core", own, OWN_SHARE)
