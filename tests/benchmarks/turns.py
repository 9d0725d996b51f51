"""Times calls that take turns, so that a machine that slows down slows all of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST_A_TURN, TURN_S = 2, 0.004
LEAST_TURNS, MOST_TURNS = 8, 400


def in_turns(cases: dict[str, Callable[[], Any]], budget_s: float) -> dict[str, list[int]]:
    """Times of each case in ns, the timer's own 40 to 80 included.

    A turn is as many calls in a row as fit into `TURN_S`, two at least, so that short calls meet
    warm caches as they do alone. There are `LEAST_TURNS` at least, whatever the budget.

    Args:
        cases: Name to call.
        budget_s: For all of them together.
    """
    clock = time.perf_counter_ns
    for call in cases.values():
        for _ in range(LEAST_A_TURN):
            call()
    spent: dict[str, list[int]] = {name: [] for name in cases}
    a_turn = {name: _calls_a_turn(call) for name, call in cases.items()}
    end = clock() + budget_s * 1e9
    for turn in range(MOST_TURNS):
        if turn >= LEAST_TURNS and clock() > end:
            break
        for name, call in cases.items():
            taken = spent[name]
            for _ in range(a_turn[name]):
                start = clock()
                call()
                taken.append(clock() - start)
    return spent


def _calls_a_turn(call: Callable[[], Any]) -> int:
    begun = time.perf_counter()
    call()
    return max(LEAST_A_TURN, int(TURN_S / (time.perf_counter() - begun)))
