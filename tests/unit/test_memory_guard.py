"""When engines leave the GPU for the game, and when they come back."""

from __future__ import annotations

from sensorium.inference.memory_guard import MARGIN, MIB, MemoryGuard

RESERVE = 512 * MIB
NEED = 300 * MIB
ROOM = RESERVE + NEED + MARGIN


def guard() -> MemoryGuard:
    made = MemoryGuard(RESERVE, quiet_s=10.0)
    made.need = NEED
    return made


def test_engines_stay_while_the_reserve_is_free():
    assert all(guard().allows(free, 0.0) for free in (RESERVE, RESERVE + 1, 100 * RESERVE))


def test_engines_leave_at_once_below_it():
    assert not guard().allows(RESERVE - 1, 0.0)


def test_what_they_gave_back_alone_does_not_bring_them_back():
    made = guard()
    assert not made.allows(RESERVE - 1, 0.0)
    for second in range(1, 100):
        assert not made.allows(RESERVE - 1 + NEED, float(second))


def test_they_come_back_after_lasting_room():
    made = guard()
    assert not made.allows(0, 0.0)
    assert not made.allows(ROOM, 1.0)
    assert not made.allows(ROOM, 10.9)
    assert made.allows(ROOM, 11.0)
    assert made.allows(RESERVE, 12.0)


def test_a_short_gap_starts_the_wait_anew():
    made = guard()
    assert not made.allows(0, 0.0)
    assert not made.allows(ROOM, 1.0)
    assert not made.allows(ROOM - 1, 5.0)
    assert not made.allows(ROOM, 6.0)
    assert not made.allows(ROOM, 15.9)
    assert made.allows(ROOM, 16.0)


def test_without_a_reserve_they_always_stay():
    assert MemoryGuard(0).allows(0, 0.0)
