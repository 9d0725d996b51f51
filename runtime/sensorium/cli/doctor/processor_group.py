"""Whether a lower priority counts beside other apps: it does within a control group alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.cli.doctor.finding import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

LOW = 30
"""Weight of what systemd runs in the background (background.slice); an app's is 100."""
_TOPIC = "processor group"
_PROC, _GROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def look(pid: int, proc: Path = _PROC, groups: Path = _GROUPS) -> Iterator[Finding]:
    """Looks at the group that a daemon is in; nothing is found where groups share no processors.

    cgroup v2 (Linux, Documentation/admin-guide/cgroup-v2.rst, "Weights"): groups get processors by
    their weights, 1 to 10,000, whatever the niceness and class of what is in them.

    Args:
        pid: Of the daemon.
        proc: Where processes are told.
        groups: Where the groups are.
    """
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
        path = next(line.removeprefix("0::/") for line in lines if line.startswith("0::/"))
        weight = int((groups / path / "cpu.weight").read_text())
    except (OSError, ValueError, StopIteration):
        return
    if not path:
        return
    said = f"/{path}: weight {weight}, an app's is 100"
    if weight <= LOW:
        yield Finding(_TOPIC, Verdict.OK, said)
        return
    unit = path.rsplit("/", 1)[-1]
    remedy = "start the daemon as a service: sensorium service install"
    if unit.endswith(".service"):
        remedy = f"systemctl --user set-property {unit} CPUWeight=10"
    yield Finding(
        _TOPIC, Verdict.NOTE,
        f"{said}: beside apps of other groups the daemon's lower priority and the idle class do "
        "not count, its weight does", remedy,
    )
