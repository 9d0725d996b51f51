"""COM by ctypes: what an object can do is called by its place in its interface.

A call that fails raises OSError, whose `winerror` is the HRESULT (see `failed`).
"""

from __future__ import annotations

import ctypes
import sys
import uuid
from typing import Any

if sys.platform == "win32":
    from ctypes import byref, c_void_p

    _MULTITHREADED = 0
    _IN_PROCESS = 1

    class Guid(ctypes.Structure):
        """The name of a class or an interface."""

        _fields_ = (("bytes", ctypes.c_ubyte * 16),)

    def guid(text: str) -> Guid:
        """The name that is written as this."""
        return Guid.from_buffer_copy(uuid.UUID(text).bytes_le)

    def method(place: int, *arguments: Any) -> Any:
        """What stands at a place of an interface, IUnknown's three included.

        Args:
            place: From 0 on.
            arguments: Their types, without the object, which is the first when it is called.
        """
        return ctypes.WINFUNCTYPE(ctypes.HRESULT, *arguments)(place, "")

    _release = ctypes.WINFUNCTYPE(ctypes.c_ulong)(2, "Release")

    class Interface(c_void_p):
        """A pointer to an object, or to none yet; a context that lets go of it at its end."""

        def __enter__(self) -> Interface:
            return self

        def __exit__(self, *failure: object) -> None:
            self.release()

        def release(self) -> None:
            """Lets go of the object."""
            if self.value is not None:
                _release(self)
                self.value = None

    _ole = ctypes.OleDLL("ole32")
    _ole.CoInitializeEx.argtypes = (c_void_p, ctypes.c_ulong)
    _ole.CoCreateInstance.argtypes = (c_void_p, c_void_p, ctypes.c_ulong, c_void_p, c_void_p)
    _ole.CoUninitialize.restype = None
    _ole.CoTaskMemFree.restype = None
    _ole.CoTaskMemFree.argtypes = (c_void_p,)
    _ole.PropVariantClear.argtypes = (c_void_p,)

    def enter() -> None:
        """Makes COM ready for the calling thread; every such call needs a `leave`."""
        _ole.CoInitializeEx(None, _MULTITHREADED)

    def leave() -> None:
        """Ends what `enter` began, once the thread holds no object any more."""
        _ole.CoUninitialize()

    def create(kind: Guid, interface: Guid) -> Interface:
        """A new object of a class."""
        made = Interface()
        _ole.CoCreateInstance(byref(kind), None, _IN_PROCESS, byref(interface), byref(made))
        return made

    def free(memory: c_void_p) -> None:
        """Frees what a call has handed over."""
        _ole.CoTaskMemFree(memory)

    def clear(variant: ctypes.Structure) -> None:
        """Frees what a PROPVARIANT holds."""
        _ole.PropVariantClear(byref(variant))

    def failed(error: OSError) -> int:
        """The HRESULT of a call that failed, 0x80000000 and up."""
        return (error.winerror or 0) & 0xFFFFFFFF
