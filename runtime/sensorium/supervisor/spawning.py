"""Starts a process of the daemon's: apart from the terminal, and gone with its supervisor."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from sensorium.control.interpreter import interpreter
from sensorium.errors import ControlError
from sensorium.supervisor import job_windows

if TYPE_CHECKING:
    from sensorium.control.link import Link

_log = logging.getLogger(__name__)


def spawn(name: str, theirs: Link) -> subprocess.Popen[bytes]:
    """Starts a process that speaks on one end of a link.

    Args:
        name: For the log.
        theirs: The end that it inherits.

    Raises:
        OSError: When the system has no room for it.
    """
    python, environment = interpreter()
    # -P: what lies in the current folder is not imported.
    process = subprocess.Popen[bytes](
        [python, "-P", "-m", "sensorium.process", str(theirs.handle)],
        stdin=subprocess.DEVNULL,
        env=environment,
        **theirs.popen_options(),
        **_apart(),
    )
    if sys.platform == "win32":
        try:
            job_windows.end_with_this(process.pid)
        except ControlError as error:
            _log.warning("%s may outlive a killed supervisor: %s", name, error.message)
    return process


def _apart() -> dict[str, Any]:
    """A terminal's Ctrl-C goes to the supervisor alone, which then stops its children."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}
