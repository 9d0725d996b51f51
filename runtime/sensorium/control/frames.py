"""The frames of the control socket: a u32 length (little endian), then a JSON object in UTF-8."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, NoReturn

from sensorium.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_FRAME = 65536
"""Longest JSON text of a frame, in bytes."""

MAX_HANDLES = 64
"""Most handles that travel with one frame."""

_LENGTH = struct.Struct("<I")


def encode(message: Mapping[str, Any]) -> bytes:
    """A whole frame.

    Raises:
        ControlError: When the message is longer than a frame may be.
    """
    body = encode_body(message)
    return _LENGTH.pack(len(body)) + body


def encode_body(message: Mapping[str, Any]) -> bytes:
    """A frame without its length, for a transport that keeps messages apart by itself.

    Raises:
        ControlError: When the message is longer than a frame may be.
    """
    body = text_of(message)
    if len(body) > MAX_FRAME:
        raise ControlError(f"a message of {len(body)} bytes is longer than a frame ({MAX_FRAME})")
    return body


def text_of(value: Any) -> bytes:
    """A JSON value as it stands in a frame."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def decode(body: bytes) -> dict[str, Any]:
    """The object in a frame's body.

    Raises:
        ControlError: When it is not one JSON object in UTF-8.
    """
    try:
        message = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"a frame that is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise ControlError("a frame that is not a JSON object")
    return message


class Assembler:
    """Puts one frame at a time together; never asks for a byte of the next one.

    So that at most one frame of each client is held here: the rest waits in the kernel, where
    it costs the client.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._length = -1

    @property
    def missing(self) -> int:
        """Bytes to read next; never 0."""
        return (_LENGTH.size if self._length < 0 else self._length) - len(self._data)

    def add(self, data: bytes) -> bytes | None:
        """Takes at most `missing` bytes.

        Returns:
            The body, once it is whole.

        Raises:
            ControlError: When the length is 0 or longer than a frame may be.
        """
        self._data += data
        if self.missing:
            return None
        if self._length < 0:
            (self._length,) = _LENGTH.unpack(self._data)
            self._data.clear()
            if not 0 < self._length <= MAX_FRAME:
                raise ControlError(f"a frame of {self._length} bytes; allowed: 1 to {MAX_FRAME}")
            return None
        body = bytes(self._data)
        self._data.clear()
        self._length = -1
        return body


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
