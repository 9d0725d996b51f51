"""How soon the governor answers frames that are late, and gives back what it took."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from frames_governor import once_each

from sensorium.clock import now_ns
from sensorium.inference.governor.step import Cause

if TYPE_CHECKING:
    from collections.abc import Callable

    from frames_loads import Renderer
    from frames_result import Seen
    from numpy.typing import NDArray

LIGHT, HEAVY = 0.2, 1.1
"""Shares of the budget: with room, and late even on idle cores."""
LIGHT_S, HEAVY_S, RELIEF_S = 6.0, 5.0, 14.0
PATIENCE_S = 20.0
"""How long the governor is waited for to give all back before a heavy part."""


def play(
    renderer: Renderer, turns: int, rest: float, told: Callable[[str], None],
    holds: Callable[[], bool],
) -> list[int]:
    """Lets frames be late and in time in turns.

    Args:
        renderer: That makes them.
        turns: How often.
        rest: Its share afterwards.
        told: Takes what is done now.
        holds: Whether the governor takes something from the senses at the moment.

    Returns:
        When each heavy part began, monotonic ns.
    """
    begun = []
    for turn in range(turns):
        told(f"load on and off, {turn + 1} of {turns}")
        renderer.set_share(LIGHT)
        time.sleep(LIGHT_S)
        end = time.monotonic() + PATIENCE_S
        while holds() and time.monotonic() < end:
            time.sleep(0.2)
        begun.append(now_ns())
        renderer.set_share(HEAVY)
        time.sleep(HEAVY_S)
        renderer.set_share(LIGHT)
        time.sleep(RELIEF_S)
    renderer.set_share(rest)
    return begun


def judge(frames: NDArray[np.void], seen: Seen, begun: list[int]) -> list[dict[str, Any]]:
    """Of each heavy part: frames until the governor acted, and seconds until all was given back.

    `frames_to_act` counts the frames that were submitted after the first late one until the first
    change; 0 where it acted before one was late. `full_after_s` runs until all was back for the
    first time, `last_held_s` until nothing was held any more; they differ where something was
    `taken_again` meanwhile. Where it never acted, or never gave all back, they are all that there
    were, and the time that was waited. `began_full` is False where it took something from the
    senses already, so that it could not act anew.
    """
    found = []
    for begin_ns in begun:
        end_ns = begin_ns + int((HEAVY_S + RELIEF_S) * 1e9)
        part = frames[(frames["submit_ns"] > begin_ns) & (frames["submit_ns"] < end_ns)]
        is_heavy = part["share_ppm"] >= HEAVY * 1e6 - 1
        late = part[is_heavy & (part["submit_ns"] > part["due_ns"])]
        after = part[~is_heavy & (part["begin_ns"] > begin_ns + int(HEAVY_S * 1e9 / 2))]
        if not len(late) or not len(after):
            continue
        relief_ns = int(after["begin_ns"][0])
        full_s = _full_after_s(seen, relief_ns)
        found.append({
            "began_full": _is_full(seen, begin_ns),
            "frames_to_act": _frames_to_act(part, late, seen, begin_ns, relief_ns),
            "full_after_s": full_s,
            "last_held_s": _last_held_s(seen, relief_ns),
            "taken_again": _taken_again(after, seen, relief_ns, relief_ns + int(full_s * 1e9)),
        })
    return found


def _is_full(seen: Seen, at_ns: int) -> bool:
    states = seen.between("governor", 0, at_ns)
    return not len(states) or not (states["a"][-1] or states["b"][-1])


def _frames_to_act(
    heavy: NDArray[np.void], late: NDArray[np.void], seen: Seen, begin_ns: int, relief_ns: int
) -> float:
    steps = seen.between("governor_step", begin_ns, relief_ns)
    acted_ns = int(steps["publish_ns"].min()) if len(steps) else relief_ns
    submitted = heavy["submit_ns"]
    return float(((submitted > late["submit_ns"][0]) & (submitted <= acted_ns)).sum())


def _states(seen: Seen, relief_ns: int) -> NDArray[np.void]:
    """What held at relief, and all states after it."""
    states = seen.between("governor", 0, relief_ns + int(RELIEF_S * 1e9))
    return states[max(0, np.searchsorted(states["seen_ns"].astype(np.int64), relief_ns) - 1) :]


def _full_after_s(seen: Seen, relief_ns: int) -> float:
    states = _states(seen, relief_ns)
    full = states[(states["a"] == 0) & (states["b"] == 0)]
    return max(0.0, (int(full["seen_ns"][0]) - relief_ns) / 1e9) if len(full) else RELIEF_S


def _last_held_s(seen: Seen, relief_ns: int) -> float:
    states = _states(seen, relief_ns)
    held = states[(states["a"] > 0) | (states["b"] > 0)]
    if not len(states):
        return RELIEF_S
    if not len(held):
        return 0.0
    back = states[states["seen_ns"] > held["seen_ns"][-1]]
    return max(0.0, (int(back["seen_ns"][0]) - relief_ns) / 1e9) if len(back) else RELIEF_S


def _taken_again(
    frames: NDArray[np.void], seen: Seen, relief_ns: int, full_ns: int
) -> list[dict[str, Any]]:
    """What was taken after all was back, with the late frame of the app that it answers.

    `waited_ms`: how long that frame's threads had no processor. `without_waiting`: it would have
    been late without that, too, so that nothing of ours, nor of anybody else's here, was in its
    way: the machine itself was slow, or its host had it wait.
    """
    found, level = [], 0
    for step in once_each(seen.between("governor_step", full_ns, relief_ns + int(RELIEF_S * 1e9))):
        before, level = level, int(step["c"])
        if level <= before:
            continue
        told: dict[str, Any] = {
            "after_s": (int(step["publish_ns"]) - relief_ns) / 1e9,
            "cause": Cause(int(step["b"])).name.lower(),
        }
        late = frames[
            (frames["submit_ns"] > frames["due_ns"]) & (frames["submit_ns"] <= step["publish_ns"])
        ]
        if len(late):
            late_ns, waited_ns = int(late["submit_ns"][-1] - late["due_ns"][-1]), late["waited_ns"]
            told |= {
                "late_ms": late_ns / 1e6, "waited_ms": int(waited_ns[-1]) / 1e6,
                "without_waiting": bool(late_ns > waited_ns[-1] >= 0),
            }  # fmt: skip
        found.append(told)
    return found
