"""How soon the governor answers frames that are late, and gives back what it took."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
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
    change; 0 where it acted before one was late. Where it never did, or never gave all back, they
    are all that there were, and the time that was waited. `began_full` is False where it took
    something from the senses already, so that it could not act anew.
    """
    found = []
    for begin_ns in begun:
        heavy = frames[
            (frames["submit_ns"] > begin_ns)
            & (frames["submit_ns"] < begin_ns + int((HEAVY_S + RELIEF_S) * 1e9))
        ]
        is_heavy = heavy["share_ppm"] >= HEAVY * 1e6 - 1
        late = heavy[is_heavy & (heavy["submit_ns"] > heavy["due_ns"])]
        after = heavy[~is_heavy & (heavy["begin_ns"] > begin_ns + int(HEAVY_S * 1e9 / 2))]
        if not len(late) or not len(after):
            continue
        relief_ns = int(after["begin_ns"][0])
        found.append({
            "began_full": _is_full(seen, begin_ns),
            "frames_to_act": _frames_to_act(heavy, late, seen, begin_ns, relief_ns),
            "full_after_s": _full_after_s(seen, relief_ns),
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


def _full_after_s(seen: Seen, relief_ns: int) -> float:
    states = seen.between("governor", relief_ns - 1_000_000_000, relief_ns + int(RELIEF_S * 1e9))
    held = states[(states["a"] > 0) | (states["b"] > 0)]
    if not len(states):
        return RELIEF_S
    if not len(held):
        return 0.0
    back = states[states["seen_ns"] > held["seen_ns"][-1]]
    return (int(back["seen_ns"][0]) - relief_ns) / 1e9 if len(back) else RELIEF_S
