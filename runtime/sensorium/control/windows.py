"""What control needs of Windows: the user's id, processes, handles that change hands."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from sensorium.errors import ControlError

if sys.platform == "win32":
    from sensorium.channels import kernel_windows
    from sensorium.channels.kernel_windows import (
        BOOL,
        DWORD,
        HANDLE,
        POINTER,
        TEXT,
        close_handle,
        duplicate_handle,
        function,
        kernel,
        last_error,
        own_process,
    )

    _PROCESS_ACCESS = 0x1000 | 0x0040
    """PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_DUP_HANDLE."""
    _TOKEN_QUERY, _TOKEN_USER = 0x8, 1
    _SAME_ACCESS, _CLOSE_SOURCE = 0x2, 0x1

    security = ctypes.WinDLL("advapi32", use_last_error=True)
    local_free = function(kernel, "LocalFree", POINTER, POINTER)
    _image_name = function(kernel, "QueryFullProcessImageNameW", BOOL, HANDLE, DWORD, TEXT, POINTER)
    _open_token = function(security, "OpenProcessToken", BOOL, HANDLE, DWORD, POINTER)
    _token_information = function(
        security, "GetTokenInformation", BOOL, HANDLE, ctypes.c_int, POINTER, DWORD, POINTER
    )
    _sid_text = function(security, "ConvertSidToStringSidW", BOOL, POINTER, POINTER)

    def user_of(process: int) -> str:
        """The SID of a process's user."""
        token, size = HANDLE(), DWORD()
        require(_open_token(process, _TOKEN_QUERY, ctypes.byref(token)), "look at a process")
        try:
            information = ctypes.create_string_buffer(256)
            require(
                _token_information(token, _TOKEN_USER, information, 256, ctypes.byref(size)),
                "tell a process's user",
            )
            # TOKEN_USER begins with a pointer to the SID.
            sid, text = POINTER.from_buffer(information), TEXT()
            require(_sid_text(sid, ctypes.byref(text)), "tell a process's user")
            name = text.value or ""
            local_free(ctypes.cast(text, POINTER))
            return name
        finally:
            close_handle(token)

    def own_sid() -> str:
        """The SID of this process's user."""
        return user_of(own_process())

    def open_process(pid: int) -> int:
        """A handle to a process, to look at it and to give it handles."""
        process = kernel_windows.open_process(_PROCESS_ACCESS, False, pid)
        require(process, f"open process {pid}")
        return int(process)

    def program_of(process: int) -> str:
        """The path of a process's program; empty when it cannot be told."""
        name = ctypes.create_unicode_buffer(32768)
        length = DWORD(len(name))
        return name.value if _image_name(process, 0, name, ctypes.byref(length)) else ""

    def give(handle: int, process: int, *, keep: bool = False) -> int:
        """Moves a handle into another process, or copies it when this one's is to `keep`.

        Returns:
            Its number there.
        """
        there, own = HANDLE(), own_process()
        options = _SAME_ACCESS | (0 if keep else _CLOSE_SOURCE)
        require(
            duplicate_handle(own, handle, process, ctypes.byref(there), 0, False, options),
            "hand a region over",
        )
        return int(there.value or 0)

    def close(handle: int) -> None:
        """Closes a handle."""
        close_handle(handle)

    def require(result: Any, what: str) -> None:
        """Raises ControlError, with what Windows says, unless `result` is true."""
        if not result:
            raise failure(what)

    def failure(what: str) -> ControlError:
        """The error of the last call."""
        return ControlError(f"cannot {what}: {last_error()}")
