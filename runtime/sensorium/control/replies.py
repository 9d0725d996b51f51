"""What a request is answered with: fields and handles, or a refusal with a code and a remedy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.errors import ControlError, DeniedError, SensoriumError, VersionError

if TYPE_CHECKING:
    from collections.abc import Mapping

BAD_REQUEST = "BAD_REQUEST"
BUSY = "BUSY"
DENIED = "DENIED"
FAILED = "FAILED"
UNAVAILABLE = "UNAVAILABLE"
VERSION = "VERSION"


class Refused(ControlError):
    """A request that is refused.

    Args:
        code: BAD_REQUEST, BUSY, DENIED, FAILED, UNAVAILABLE or VERSION.
        message: What is wrong.
        remedy: What the user can do.
    """

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.code = code


@dataclass(frozen=True)
class Reply:
    """The answer to a request that is granted.

    Attributes:
        fields: JSON values; `ok` is added.
        handles: File descriptors or section handles; whoever sends them closes them.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    handles: tuple[int, ...] = ()


def granted(reply: Reply) -> dict[str, Any]:
    """The message of a reply."""
    return {"ok": True, **reply.fields}


def refused(error: SensoriumError) -> dict[str, Any]:
    """The message of an error."""
    if isinstance(error, Refused):
        code = error.code
    elif isinstance(error, DeniedError):
        code = DENIED
    elif isinstance(error, VersionError):
        code = VERSION
    elif isinstance(error, ControlError):
        code = BAD_REQUEST
    else:
        code = UNAVAILABLE
    return {"ok": False, "error": code, "message": error.message, "remedy": error.remedy}


def checked(message: dict[str, Any]) -> dict[str, Any]:
    """The fields of a reply, as its receiver sees it.

    Raises:
        DeniedError: No grant.
        VersionError: Another layout version.
        Refused: Any other refusal, with its code.
    """
    if message.get("ok") is True:
        return message
    code = str(message.get("error", FAILED))
    text, remedy = str(message.get("message", "refused")), str(message.get("remedy", ""))
    if code == DENIED:
        raise DeniedError(text, remedy)
    if code == VERSION:
        raise VersionError(text, remedy)
    raise Refused(code, text, remedy)
