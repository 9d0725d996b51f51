"""The owner's decisions as they stand in `grants.toml`: read with checks, replaced whole."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomli_w

from sensorium.channels.catalogue import REGIONS
from sensorium.config import Source, decode
from sensorium.control.audit import write_private
from sensorium.control.requests import app_name, program_path
from sensorium.errors import ConfigError, ControlError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

CLASSES = tuple(region for region in REGIONS if region != "public")
"""What can be granted: the regions that are private."""

_HEADER = "# Who may read what. Written by `sensorium grants`; comments are not kept.\n\n"


@dataclass(frozen=True)
class Grant:
    """One decision of the owner."""

    app: str = field(metadata={"doc": "The name that the app gives."})
    classes: tuple[str, ...] = field(metadata={"doc": "What it is about.", "choices": CLASSES})
    allowed: bool = field(metadata={"doc": "false denies."})
    since: datetime = field(metadata={"doc": "When it was decided."})
    executable: str = field(
        default="", metadata={"doc": "Only for a process of this program; empty: of any."}
    )
    until: datetime | None = field(default=None, metadata={"doc": "When it ends; absent: never."})

    def concerns(self, app: str, executable: str, now: datetime) -> bool:
        """Whether it is about a process and has not ended."""
        return (
            self.app == app
            and self.executable in ("", executable)
            and (self.until is None or now < self.until)
        )

    def listed(self) -> dict[str, Any]:
        """As `grants` lists it: JSON values."""
        return {
            "app": self.app,
            "executable": self.executable,
            "classes": list(self.classes),
            "allowed": self.allowed,
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else "",
        }


def read(path: Path) -> tuple[Grant, ...]:
    """The decisions in a file.

    Raises:
        ConfigError: When it cannot be read or is wrong; names file, line and key.
    """
    source = Source.read(path)
    _require_own(path)
    content = source.parse()
    for name in content:
        if name != "grant":
            raise source.error((name,), "there is no such table", "allowed: [[grant]]")
    tables = content.get("grant", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise source.error(("grant",), "must be an array of tables", "write [[grant]]")
    grants = []
    for index, table in enumerate(tables):
        grant = decode(Grant, table, source, ("grant", index))
        for key, check in (("app", app_name), ("executable", program_path)):
            try:
                check(getattr(grant, key))
            except ControlError as error:
                raise source.error(("grant", index, key), error.message) from error
        grants.append(grant)
    return tuple(grants)


def write(path: Path, grants: Iterable[Grant]) -> None:
    """Puts a file with these decisions in place, readable by this user alone.

    Raises:
        ControlError: When it cannot be written; the old one is then as it was.
    """
    tables = [
        {name: _toml(value) for name, value in vars(grant).items() if value not in ("", None)}
        for grant in grants
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, (_HEADER + tomli_w.dumps({"grant": tables})).encode("utf-8"))
    except OSError as error:
        raise ControlError(
            f"{path} cannot be written: {error.strerror}",
            "set SENSORIUM_CONFIG_DIR to a folder that you may write",
        ) from error


def _require_own(path: Path) -> None:
    """Refuses a file by which another user could grant himself something."""
    if sys.platform != "win32":
        status = path.stat()
        if status.st_uid not in (os.getuid(), 0) or status.st_mode & 0o022:
            raise ConfigError(
                f"{path}: may be written by other users", f"chmod 600 {path}, and own it"
            )


def _toml(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
