"""What the governor did in its blocks: its levels, and how often it changed a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from frames_daemon import GOVERNED

from sensorium.inference.governor.step import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from frames_result import Block, Seen
    from numpy.typing import NDArray


def told(seen: Seen, blocks: Sequence[Block]) -> dict[str, Any]:
    """What the governor did: its levels over time, and how often it changed a step."""
    mine = [block for block in blocks if block.arm == GOVERNED]
    levels, most, changes = [], 0, 0
    close: list[dict[str, Any]] = []
    for block in mine:
        notes = seen.between("governor", block.begin_ns, block.end_ns)
        levels.append(_changes_of_state(notes, block.begin_ns))
        steps = once_each(seen.between("governor_step", block.begin_ns, block.end_ns))
        times = steps["publish_ns"].astype(np.int64)
        changes += len(times)
        most = max(most, _most_in_a_second(times))
        close += [
            {"after_s": int(gap) / 1e9, "first": _step(steps[at]), "second": _step(steps[at + 1])}
            for at, gap in enumerate(np.diff(times)) if gap < 1_000_000_000
        ]
    return {
        "told": any(map(len, levels)), "changes": changes, "most_changes_in_a_second": most,
        "changes_within_a_second": close, "level_background_risk_by_s": levels,
    }


def once_each(steps: NDArray[np.void]) -> NDArray[np.void]:
    """Of the steps of one change the first, in their order."""
    _, firsts = np.unique(steps["a"], return_index=True)
    return steps[np.sort(firsts)]


def _step(step: np.void) -> dict[str, Any]:
    return {"cause": Cause(int(step["b"])).name.lower(), "level": int(step["c"])}


def _changes_of_state(notes: NDArray[np.void], begin_ns: int) -> list[list[float]]:
    """Seconds since a time, level, background, risk: when one of them changed, and at the end."""
    states = np.stack([notes[name].astype(np.int64) for name in ("a", "b", "c")], axis=1)
    kept = np.ones(len(notes), bool)
    kept[1:-1] = (states[1:-1] != states[:-2]).any(axis=1)
    times = (notes["seen_ns"].astype(np.int64) - begin_ns) / 1e9
    return [
        [round(float(time), 3), *map(int, state)]
        for time, state in zip(times[kept], states[kept], strict=True)
    ]


def _most_in_a_second(times_ns: NDArray[np.int64]) -> int:
    ends = np.searchsorted(times_ns, times_ns + 1_000_000_000, "left")
    return int((ends - np.arange(len(times_ns))).max(initial=0))
