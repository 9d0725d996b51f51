"""Windows' kernel32, each function with the types of what it gives and takes.

Without them ctypes passes a handle as 32 bits.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

if sys.platform == "win32":
    from ctypes import wintypes

    HANDLE, DWORD, BOOL = wintypes.HANDLE, wintypes.DWORD, wintypes.BOOL
    POINTER, TEXT, SIZE = ctypes.c_void_p, wintypes.LPWSTR, ctypes.c_size_t

    def function(library: ctypes.WinDLL, name: str, result: Any, *arguments: Any) -> Any:
        """A function of a library, with the types of what it gives and takes."""
        found = getattr(library, name)
        found.restype, found.argtypes = result, arguments
        return found

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    close_handle = function(kernel, "CloseHandle", BOOL, HANDLE)
    own_process = function(kernel, "GetCurrentProcess", HANDLE)
    duplicate_handle = function(
        kernel, "DuplicateHandle", BOOL, HANDLE, HANDLE, HANDLE, POINTER, DWORD, BOOL, DWORD
    )

    create_file = function(
        kernel, "CreateFileW", HANDLE, TEXT, DWORD, DWORD, POINTER, DWORD, DWORD, HANDLE
    )
    open_process = function(kernel, "OpenProcess", HANDLE, DWORD, BOOL, DWORD)
    create_event = function(kernel, "CreateEventW", HANDLE, POINTER, BOOL, BOOL, TEXT)
    set_event = function(kernel, "SetEvent", BOOL, HANDLE)
    wait_for_any = function(
        kernel, "WaitForMultipleObjects", DWORD, DWORD, POINTER, BOOL, DWORD
    )

    def last_error() -> str:
        """What Windows says of the last call that failed."""
        return ctypes.FormatError(ctypes.get_last_error())
