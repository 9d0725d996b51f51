"""Times calls that take turns, so that a machine that slows down slows all of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST_A_TURN, TURN_S = 3, 0.004
LEAST_TURNS, MOST_TURNS = 8, 400


def in_turns(cases: dict[str, Callable[[], Any]], budget_s: float) -> dict[str, list[int]]:
    """Times of each case in ns, the timer's own 40 to 80 included.

    In a turn every case makes as many calls in a row as the longest makes in `TURN_S`, three at
    least, after one that is not counted: the case before left its own weights in the caches. With
    each turn another case is the first. There are `LEAST_TURNS` at least, whatever the budget.

    Args:
        cases: Name to call.
        budget_s: For all of them together.
    """
    clock = time.perf_counter_ns
    for call in cases.values():
        call()
    longest = max(_seconds(call) for call in cases.values())
    a_turn = max(LEAST_A_TURN, int(TURN_S / longest))
    spent: dict[str, list[int]] = {name: [] for name in cases}
    order = list(cases.items())
    end = clock() + budget_s * 1e9
    for turn in range(MOST_TURNS):
        if turn >= LEAST_TURNS and clock() > end:
            break
        order.append(order.pop(0))
        for name, call in order:
            taken = spent[name]
            call()
            for _ in range(a_turn):
                start = clock()
                call()
                taken.append(clock() - start)
    return spent


def _seconds(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
