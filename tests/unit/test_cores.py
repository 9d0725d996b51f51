"""Which cores are ours beside an app, on PCs as they are sold."""

from __future__ import annotations

import os
import sys

import pytest

from sensorium.process.cores import Core, _numbers, cores, corner


def smt(count: int, speed: int = 0) -> list[Core]:
    """Cores of two logical processors each, numbered as Linux does: n and n + count."""
    return [Core(frozenset({n, n + count}), speed) for n in range(count)]


HYBRID = [
    # A Core i9-13900K (Intel ARK): 8 performance cores with two threads up to 5.8 GHz, 16
    # efficient ones with one up to 4.3 GHz.
    *(Core(frozenset({2 * n, 2 * n + 1}), 5_500_000) for n in range(4)),
    *(Core(frozenset({2 * n, 2 * n + 1}), 5_800_000) for n in (4, 5)),
    *(Core(frozenset({2 * n, 2 * n + 1}), 5_500_000) for n in (6, 7)),
    *(Core(frozenset({n}), 4_300_000) for n in range(16, 32)),
]


def test_a_quarter_of_the_cores_is_ours_whole_ones() -> None:
    assert corner(smt(8), (), busy=3) == {6, 7, 14, 15}
    assert corner(smt(16), (), busy=3) == {12, 13, 14, 15, 28, 29, 30, 31}
    assert corner([Core(frozenset({n}), 0) for n in range(2)], (), busy=1) == {1}
    assert corner(smt(6), (), busy=3) == {5, 11}


def test_the_slow_cores_are_ours() -> None:
    assert corner(HYBRID, (), busy=10) == set(range(26, 32))


def test_the_more_threads_an_app_has_the_fewer_cores_are_ours() -> None:
    assert corner(smt(8), (), busy=7) == {7, 15}
    assert corner(smt(8), (), busy=8) == frozenset()
    assert corner(smt(8), (), busy=40) == frozenset()
    assert corner(smt(2), (), busy=2) == frozenset()


def test_cores_that_the_app_may_not_use_are_ours_however_many_threads_it_has() -> None:
    # A game that was pinned to the half with the large cache.
    assert corner(smt(16), set(range(8, 16)) | set(range(24, 32)), busy=20) == {
        12, 13, 14, 15, 28, 29, 30, 31
    }  # fmt: skip
    assert corner(smt(4), {0, 4}, busy=4) == {0, 4}
    # One thread of a core alone is no core.
    assert corner(smt(4), {0}, busy=4) == frozenset()


def test_one_core_is_nobodys_corner() -> None:
    assert corner(smt(1), (), busy=0) == frozenset()
    assert corner([], (), busy=0) == frozenset()


def test_lists_of_the_kernel_are_read() -> None:
    assert _numbers("0-2,8\n") == {0, 1, 2, 8}
    assert _numbers("5") == {5}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_the_cores_of_this_pc_are_those_that_may_be_used_each_once() -> None:
    found = [cpu for core in cores() for cpu in core.cpus]
    assert sorted(found) == sorted(os.sched_getaffinity(0))
