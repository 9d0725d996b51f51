"""What the owner can decide: about which classes, and how often."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from sensorium.control.grants_file import CLASSES
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensorium.control.grants_file import Grant

MAX_GRANTS = 512
MAX_GRANTS_OF_APP = 32


def require_room(kept: Sequence[Grant], app: str) -> None:
    """Passes when one more decision about an app has room beside those that are kept.

    Raises:
        ControlError: The remedy is a command that forgets some.
    """
    of_app = sum(old.app == app for old in kept)
    if of_app >= MAX_GRANTS_OF_APP:
        raise ControlError(
            f"{of_app} decisions about {app} are there already, which is the most",
            f"sensorium grants revoke {shlex.quote(app)}",
        )
    if len(kept) >= MAX_GRANTS:
        raise ControlError(
            f"{len(kept)} decisions are there already, which is the most",
            "sensorium grants revoke APP, for apps that you no longer use",
        )


def known_classes(classes: Iterable[str]) -> tuple[str, ...]:
    """Classes that can be granted, each once.

    Raises:
        ControlError: When one is not known, or none was named.
    """
    wanted = tuple(dict.fromkeys(classes))
    for name in wanted:
        if name not in CLASSES:
            raise ControlError(
                f"there is no class {name} to grant", f"allowed: {', '.join(CLASSES)}"
            )
    if not wanted:
        raise ControlError("no class was named", f"allowed: {', '.join(CLASSES)}")
    return wanted
