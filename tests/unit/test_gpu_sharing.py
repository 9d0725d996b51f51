"""What engines leave of the GPU to a game, and who leaves its memory first: decisions alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest

from sensorium.inference.gpu_residency import Residency
from sensorium.inference.gpu_sharing import Sharing
from sensorium.inference.gpu_slices import RowTimes
from sensorium.inference.manifest import Manifest, Range, Tensor


def test_without_frames_nothing_is_cut_and_nothing_gives_way() -> None:
    sharing = Sharing(0.004)
    assert sharing.longest_s == sharing.refused_s == math.inf


def test_beside_frames_submissions_are_short_and_at_risk_long_ones_stay_away() -> None:
    sharing = Sharing(0.004, calm_s=3600.0)
    sharing.set_risk(1)
    assert (sharing.longest_s, sharing.refused_s) == (0.004, math.inf)
    sharing.set_risk(2)
    assert (sharing.longest_s, sharing.refused_s) == (0.004, 0.004)
    # Calm, but not for long enough.
    sharing.set_risk(0)
    assert (sharing.longest_s, sharing.refused_s) == (math.inf, 0.004)


def test_long_ones_are_back_after_the_calm() -> None:
    sharing = Sharing(0.004, calm_s=0.0)
    sharing.set_risk(3)
    sharing.set_risk(1)
    assert sharing.refused_s == math.inf


def test_without_a_limit_risk_changes_nothing() -> None:
    sharing = Sharing(0.0)
    sharing.set_risk(3)
    assert sharing.longest_s == sharing.refused_s == math.inf


def test_the_time_of_a_row_is_that_of_nearly_all_submissions() -> None:
    times = RowTimes()
    assert times.submission_s(1) == 0.0
    for took in range(1, 11):
        times.add(2, took * 2e-3)
    assert times.submission_s(2) == pytest.approx(18e-3)
    for _ in range(400):
        times.add(4, 4e-3)
    assert times.submission_s(1) == pytest.approx(1e-3)
    # Two of 256 are no more than one of a hundred.
    times.add(1, 1.0)
    times.add(1, 1.0)
    for _ in range(20):
        times.add(1, 1e-3)
    assert times.submission_s(1) == pytest.approx(1e-3)


def gpu(fixed_s: float, row_s: float, longest_s: float, runs: int = 400) -> list[list[int]]:
    """The submissions of runs of 64 rows on a GPU that takes just so long for each."""
    times, told = RowTimes(), []
    for _ in range(5):
        times.add(64, fixed_s + 64 * row_s)
    for _ in range(runs):
        pieces = times.pieces(64, 1, longest_s)
        sizes = [64 * (n + 1) // pieces - 64 * n // pieces for n in range(pieces)]
        for size in sizes:
            times.add(size, fixed_s + size * row_s)
        told.append(sizes)
    return told


def test_what_a_submission_takes_in_itself_is_not_paid_for_each_row() -> None:
    # 3.64 ms at once; 64 pieces of 3.01 ms would keep a game's GPU busy for 193 ms.
    assert all(len(sizes) <= 2 for sizes in gpu(3e-3, 1e-5, 2e-3)[20:])
    # Half a piece more than double is not worth it, however short the pieces are to be.
    for sizes in gpu(1.9e-3, 1e-4, 2e-3)[20:]:
        assert len(sizes) * 1.9e-3 + 64e-4 <= 2 * (1.9e-3 + 64e-4) + 1e-9


@pytest.mark.parametrize("fixed_s", [0.0, 1e-4])
def test_where_rows_are_what_takes_time_no_piece_is_too_long(fixed_s: float) -> None:
    told = gpu(fixed_s, 1e-3, 4e-3)
    longest = [max(sizes) * 1e-3 + fixed_s for sizes in told]
    # Now and then it is looked again what a submission takes in itself.
    assert sum(took > 4e-3 + 1e-9 for took in longest[20:]) <= len(told) // 10
    assert max(longest[20:]) <= 8.1e-3


@dataclass
class Resident:
    name: str
    used_s: float


def test_who_is_idle_and_who_leaves_first() -> None:
    # What is looked at of a place is all that a Resident has.
    places: list[Any] = [Resident("old", 10.0), Resident("warm", 0.0), Resident("new", 99.0)]
    residency = Residency(60.0, frozenset({"warm"}))
    assert residency.idle(places, 100.0) == places[:1]
    assert residency.idle(places, 69.9) == []
    assert Residency(0.0).idle(places, 1e9) == []
    assert residency.first_to_leave(places) is places[0]
    assert residency.first_to_leave(places[1:]) is places[2]
    assert residency.first_to_leave(places[1:2]) is places[1]
    assert residency.first_to_leave([]) is None


def manifest(*shapes: tuple[int | str, ...]) -> Manifest:
    tensors = [Tensor(str(number), shape, "float32") for number, shape in enumerate(shapes)]
    return Manifest(
        "name", "", "", "", "fp32", "file", "", (), tuple(tensors[:-1]), tuple(tensors[-1:]),
        {"rows": Range(1, 2, 8), "other": Range(1, 2, 4)}, "", {}, {},
    )


@pytest.mark.parametrize(
    ("shapes", "most"),
    [
        ((("rows", 3), ("rows",)), 8),
        ((("rows", 3), ("rows", "other"), ("rows", 1)), 8),
        ((("rows", 3), ("other", 1)), None),
        ((("rows", 3), (1, 3), ("rows", 1)), None),
        ((("rows", "rows"), ("rows",)), None),
        (((1, "other"), (1, 3)), None),
        (((), ()), None),
    ],
)
def test_rows_lead_everywhere_and_stand_nowhere_else(
    shapes: tuple[tuple[int | str, ...], ...], most: int | None
) -> None:
    rows = manifest(*shapes).rows
    assert (rows.max if rows is not None else None) == most
