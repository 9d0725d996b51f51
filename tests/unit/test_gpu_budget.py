"""What several processes take of the GPU's memory stays within the limit."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from sensorium.errors import GpuBudget
from sensorium.inference.gpu_budget import SharedBudget

if TYPE_CHECKING:
    from pathlib import Path

OTHER = """
import sys
from pathlib import Path
from sensorium.inference.gpu_budget import SharedBudget
budget = SharedBudget(Path(sys.argv[1]), 1000)
budget.take()
budget.keep(700)
print("kept", flush=True)
sys.stdin.read()
"""


def test_without_a_limit_nothing_is_written(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path / "gpu", 0)
    assert budget.take() is None
    budget.keep(1 << 40)
    assert budget.left() is None
    budget.close()
    assert not (tmp_path / "gpu").exists()


def test_what_one_takes_is_not_left_to_the_other(tmp_path: Path) -> None:
    one, other = SharedBudget(tmp_path, 1000), SharedBudget(tmp_path, 1000)
    assert one.take() == 1000
    assert other.take() == 0
    one.keep(300)
    assert other.left() == 700
    assert other.take() == 700
    other.keep(600)
    assert one.left() == 100
    assert one.take() == 100
    one.keep(400)
    assert one.left() == other.left() == 0
    one.close()
    one.close()
    assert other.left() == one.left() == 400
    other.close()


def test_a_smaller_limit_says_by_how_much_it_is_exceeded(tmp_path: Path) -> None:
    one, other = SharedBudget(tmp_path, 1000), SharedBudget(tmp_path, 1000)
    one.keep(500)
    other.keep(400)
    one.limit = other.limit = 600
    assert one.left() == other.left() == -300
    assert one.take() == 0
    one.keep(200)
    assert other.left() == 0


def test_a_limit_that_comes_later_counts_what_is_there(tmp_path: Path) -> None:
    one, other = SharedBudget(tmp_path, 0), SharedBudget(tmp_path, 1000)
    one.keep(300)
    assert other.left() == 1000
    one.limit = 1000
    one.keep(300)
    assert other.left() == 700


def test_a_process_that_was_killed_takes_nothing(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path, 1000)
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        assert budget.left() == 300
        process.kill()
        process.wait()
    assert budget.left() == 1000
    assert len(list(tmp_path.iterdir())) == 1


def test_never_is_more_taken_than_there_is(tmp_path: Path) -> None:
    budgets = [SharedBudget(tmp_path, 1000) for _ in range(4)]
    used = [0] * len(budgets)
    most = []

    def work(number: int) -> None:
        for _ in range(50):
            room = budgets[number].take()
            assert room is not None
            used[number] = min(room, 400)
            most.append(sum(used))
            budgets[number].keep(used[number])
            used[number] = 0
            budgets[number].keep(0)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(budgets))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < max(most) <= 1000


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GpuBudget, match="cannot be counted"):
        SharedBudget(tmp_path / "file" / "gpu", 1000).take()
