"""The task of Windows' Task Scheduler that starts one user's daemon, as XML.

Its schema is published (Task Scheduler Schema, version 1.2 of the format). It starts the keeper
(`keeper`), since the scheduler itself starts nothing again that ended by itself: RestartOnFailure
means a task that could not be started (MS-TSCH 2.5.4.2).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from sensorium.cli.autostart.wish import options
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.cli.autostart.wish import Wish

SPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
LOGON = "LogonTrigger"
_PERCENT, _STAND_IN = "%", "|"
"""The scheduler puts a variable in the place of its name between two `%`, and knows no way to write
a `%` that stays. What stands in for it is in no path of Windows."""
_SETTINGS = (
    ("MultipleInstancesPolicy", "IgnoreNew"),
    # Off by default is what a laptop's headset needs least.
    ("DisallowStartIfOnBatteries", "false"),
    ("StopIfGoingOnBatteries", "false"),
    ("AllowHardTerminate", "true"),
    ("AllowStartOnDemand", "true"),
    ("Enabled", "true"),
    ("Hidden", "true"),
    ("RunOnlyIfIdle", "false"),
    # No limit; by default it would be ended after three days.
    ("ExecutionTimeLimit", "PT0S"),
    # Normal; 7, the default, would hold all of it below normal, capture and disk included.
    ("Priority", "5"),
)


def document(wish: Wish, user: str) -> bytes:
    """The task, in UTF-16 with its mark, as schtasks reads it.

    Args:
        wish: How the daemon is to be started; with SteamVR the task has no trigger.
        user: The user's SID.

    Raises:
        ControlError: The interpreter lies where the scheduler might take a part of the path for
            the name of a variable.
    """
    task = ElementTree.Element("Task", {"version": "1.2", "xmlns": SPACE})
    registration = _below(task, "RegistrationInfo")
    _below(registration, "Description", "Sensorium: AI senses for the VR apps of this PC")
    triggers = _below(task, "Triggers")
    if not wish.with_steamvr:
        trigger = _below(triggers, LOGON)
        _below(trigger, "Enabled", "true")
        _below(trigger, "UserId", user)
    principal = _below(_below(task, "Principals"), "Principal", id="Author")
    _below(principal, "UserId", user)
    _below(principal, "LogonType", "InteractiveToken")
    _below(principal, "RunLevel", "LeastPrivilege")
    settings = _below(task, "Settings")
    for name, value in _SETTINGS:
        _below(settings, name, value)
    failure = _below(settings, "RestartOnFailure")
    _below(failure, "Interval", "PT1M")
    _below(failure, "Count", "3")
    program, *arguments = command(wish)
    if program.count(_PERCENT) > 1:
        raise ControlError(
            f"{program}: the Task Scheduler may take what is between two `%` for a variable",
            "install Sensorium in a folder without `%` in its path",
        )
    execution = _below(_below(task, "Actions", Context="Author"), "Exec")
    _below(execution, "Command", program)
    _below(execution, "Arguments", subprocess.list2cmdline(arguments))
    ElementTree.indent(task)
    text = ElementTree.tostring(task, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-16"?>\n{text}\n'.encode("utf-16")


def command(wish: Wish) -> list[str]:
    """What the task runs: the keeper, without a window."""
    told = [*options(), "--", *wish.arguments]
    return [
        windowless(), "-P", "-m", "sensorium.cli.autostart.keeper",
        *(word.replace(_PERCENT, _STAND_IN) for word in told),
    ]


def plain(words: Iterable[str]) -> list[str]:
    """The words that the keeper was given, as they were before `command`."""
    return [word.replace(_STAND_IN, _PERCENT) for word in words]


def windowless() -> str:
    """The interpreter that has no console: `pythonw.exe` beside this one, where there is one."""
    beside = Path(sys.executable).with_name("pythonw.exe")
    return str(beside) if beside.exists() else sys.executable


def _below(
    parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str
) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, name, attributes)
    child.text = text
    return child
