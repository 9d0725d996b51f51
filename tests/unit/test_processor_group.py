"""What doctor says of the control group that a daemon is in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from sensorium.cli.doctor.finding import Verdict
from sensorium.cli.doctor.processor_group import look

if TYPE_CHECKING:
    from pathlib import Path

UNIT = "user.slice/user-1000.slice/user@1000.service/app.slice/sensorium.service"

if sys.platform == "win32":
    pytest.skip("control groups are Linux's", allow_module_level=True)


def found(
    folder: Path, lines: str, weight: str | None, path: str = UNIT
) -> list[tuple[Verdict, str, str]]:
    (folder / "proc/7").mkdir(parents=True)
    (folder / "proc/7/cgroup").write_text(lines)
    (folder / "groups" / path).mkdir(parents=True)
    if weight is not None:
        (folder / "groups" / path / "cpu.weight").write_text(f"{weight}\n")
    return [
        (one.verdict, one.detail, one.remedy) for one in look(7, folder / "proc", folder / "groups")
    ]


def test_a_group_of_its_own_is_told_with_the_remedy(tmp_path: Path) -> None:
    ((verdict, detail, remedy),) = found(tmp_path, f"0::/{UNIT}\n", "100")
    assert verdict is Verdict.NOTE
    assert "weight 100" in detail
    assert remedy == "systemctl --user set-property sensorium.service CPUWeight=10"


def test_a_low_weight_is_well(tmp_path: Path) -> None:
    ((verdict, _, remedy),) = found(tmp_path, f"0::/{UNIT}\n", "10")
    assert (verdict, remedy) == (Verdict.OK, "")


def test_what_was_started_by_hand_is_told_of_the_service(tmp_path: Path) -> None:
    scope = UNIT.replace("sensorium.service", "app-terminal-1.scope")
    ((_, _, remedy),) = found(tmp_path, f"0::/{scope}\n", "100", scope)
    assert remedy == "start the daemon as a service: sensorium service install"


@pytest.mark.parametrize(
    ("lines", "weight"),
    [(f"0::/{UNIT}\n", None), ("4:cpu,cpuacct:/user.slice\n", "100"), ("0::/\n", "100"),
     (f"0::/{UNIT}\n", "max")],
)  # fmt: skip
def test_without_groups_that_share_processors_nothing_is_said(
    tmp_path: Path, lines: str, weight: str | None
) -> None:
    assert not found(tmp_path, lines, weight)


def test_a_process_that_is_gone_is_no_fault(tmp_path: Path) -> None:
    assert not list(look(7, tmp_path, tmp_path))
