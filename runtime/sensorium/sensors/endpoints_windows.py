"""The outputs and inputs of Windows by name: its MMDevice API (`mmdeviceapi.h`)."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    from ctypes import byref, c_int, c_uint32, c_void_p

    from sensorium.sensors import com_windows as com
    from sensorium.sensors.com_windows import Interface, guid, method

    _ENUMERATOR = guid("bcde0395-e52f-467c-8e3d-c4579291692e")
    _ENUMERATES = guid("a95664d2-9614-4f35-a746-de8db63617e6")
    _RENDER, _CAPTURE = 0, 1
    _CONSOLE = 0
    """Of the default devices the one that games play on."""
    _ACTIVE = 1
    _READ = 0
    _TEXT = 31
    """VT_LPWSTR."""

    _enumerate = method(3, c_int, c_uint32, c_void_p)
    _default = method(4, c_int, c_int, c_void_p)
    _count = method(3, c_void_p)
    _item = method(4, c_uint32, c_void_p)
    _open_properties = method(4, c_uint32, c_void_p)
    _identity = method(5, c_void_p)
    _property = method(5, c_void_p, c_void_p)

    class _PropertyKey(ctypes.Structure):
        _fields_ = (("set", com.Guid), ("number", c_uint32))

    class _Variant(ctypes.Structure):
        """PROPVARIANT."""

        _fields_ = (
            ("kind", ctypes.c_uint16), ("reserved", ctypes.c_uint16 * 3),
            ("value", c_void_p), ("more", c_void_p),
        )

    _FRIENDLY_NAME = _PropertyKey(guid("a45c254e-df1c-4efd-8020-67d146a850e0"), 14)

    class Endpoint(NamedTuple):
        """An output or an input.

        Attributes:
            device: IMMDevice, to be released.
            name: As Windows shows it.
            plays: It is an output.
        """

        device: Interface
        name: str
        plays: bool

    class Endpoints:
        """What there is, for one thread, which has entered COM.

        A call that fails raises OSError.
        """

        def __init__(self) -> None:
            self._enumerator = com.create(_ENUMERATOR, _ENUMERATES)

        def close(self) -> None:
            """Lets go of Windows' object."""
            self._enumerator.release()

        def default_output(self) -> Endpoint:
            """The output that games play on."""
            device = Interface()
            _default(self._enumerator, _RENDER, _CONSOLE, byref(device))
            return Endpoint(device, _name(device), plays=True)

        def default_identity(self) -> str:
            """What only the default output is called."""
            device = Interface()
            _default(self._enumerator, _RENDER, _CONSOLE, byref(device))
            with device:
                return identity(device)

        def named(self, name: str) -> tuple[Endpoint | None, list[str]]:
            """An output or, where none has the name, an input.

            Args:
                name: A part of its name, in any case; a whole name wins over a part.

            Returns:
                None where there is none; and the names that there are.
            """
            wanted = name.casefold()
            found = [*self._all(_RENDER), *self._all(_CAPTURE)]
            names = [one.name for one in found]
            matching = [one for one in found if wanted in one.name.casefold()]
            matching.sort(key=lambda one: one.name.casefold() != wanted)
            chosen = matching[0] if matching else None
            for one in found:
                if one is not chosen:
                    one.device.release()
            return chosen, names

        def _all(self, flow: int) -> Iterator[Endpoint]:
            number = c_uint32()
            with Interface() as some:
                _enumerate(self._enumerator, flow, _ACTIVE, byref(some))
                _count(some, byref(number))
                for at in range(number.value):
                    device = Interface()
                    _item(some, at, byref(device))
                    yield Endpoint(device, _name(device), plays=flow == _RENDER)

    def identity(device: Interface) -> str:
        """What only this device is called; it stays so when others come and go."""
        text = c_void_p()
        _identity(device, byref(text))
        try:
            return ctypes.wstring_at(text.value or 0)
        finally:
            com.free(text)

    def _name(device: Interface) -> str:
        variant = _Variant()
        with Interface() as properties:
            _open_properties(device, _READ, byref(properties))
            _property(properties, byref(_FRIENDLY_NAME), byref(variant))
        try:
            return ctypes.wstring_at(variant.value) if variant.kind == _TEXT else "an output"
        finally:
            com.clear(variant)
