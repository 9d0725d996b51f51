"""Named pipes of Windows: made with an access list, dialled with a check of who made them.

Written after Microsoft's documentation and checked by the type checker only: not verified by
running it.
"""

from __future__ import annotations

import ctypes
import sys

from sensorium.errors import ControlError

if sys.platform == "win32":
    from sensorium.channels.kernel_windows import (
        BOOL,
        DWORD,
        HANDLE,
        POINTER,
        TEXT,
        function,
        kernel,
        last_error,
    )
    from sensorium.control.windows import (
        close,
        failure,
        local_free,
        open_process,
        own_sid,
        require,
        security,
        user_of,
    )

    _FIRST_INSTANCE, _DUPLEX, _REJECT_REMOTE, _UNLIMITED = 0x00080000, 0x3, 0x8, 255
    _READ_WRITE, _OPEN_EXISTING = 0xC0000000, 3
    _IDENTIFY_ONLY = 0x00110000
    """SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION: the server may not act as the client."""
    _PIPE_CONNECTED, _PIPE_BUSY, _NOT_FOUND = 535, 231, 2
    _BUFFER = 65540
    _INVALID = ctypes.c_void_p(-1).value

    _create_pipe = function(
        kernel,
        "CreateNamedPipeW",
        HANDLE,
        TEXT,
        DWORD,
        DWORD,
        DWORD,
        DWORD,
        DWORD,
        DWORD,
        POINTER,
    )
    _connect_pipe = function(kernel, "ConnectNamedPipe", BOOL, HANDLE, POINTER)
    _client_pid = function(kernel, "GetNamedPipeClientProcessId", BOOL, HANDLE, POINTER)
    _server_pid = function(kernel, "GetNamedPipeServerProcessId", BOOL, HANDLE, POINTER)
    _wait_pipe = function(kernel, "WaitNamedPipeW", BOOL, TEXT, DWORD)
    _create_file = function(
        kernel, "CreateFileW", HANDLE, TEXT, DWORD, DWORD, POINTER, DWORD, DWORD, HANDLE
    )
    _read_file = function(kernel, "ReadFile", BOOL, HANDLE, POINTER, DWORD, POINTER, POINTER)
    _write_file = function(kernel, "WriteFile", BOOL, HANDLE, POINTER, DWORD, POINTER, POINTER)
    _cancel_io = function(kernel, "CancelIoEx", BOOL, HANDLE, POINTER)
    _user_name = function(security, "GetUserNameW", BOOL, TEXT, POINTER)
    _descriptor_of = function(
        security,
        "ConvertStringSecurityDescriptorToSecurityDescriptorW",
        BOOL,
        TEXT,
        DWORD,
        POINTER,
        POINTER,
    )

    class _SecurityAttributes(ctypes.Structure):
        _fields_ = (("length", DWORD), ("descriptor", POINTER), ("inherit", BOOL))

    def pipe_name() -> str:
        """The pipe of this user's daemon."""
        name = ctypes.create_unicode_buffer(257)
        length = DWORD(len(name))
        require(_user_name(name, ctypes.byref(length)), "tell the user's name")
        return rf"\\.\pipe\sensorium-{name.value}"

    def make_pipe(name: str, *, first: bool) -> int:
        """One more end of the daemon's pipe, which this user alone may open.

        Raises:
            ControlError: Also when `first` and another process has made the pipe already.
        """
        attributes = _SecurityAttributes(ctypes.sizeof(_SecurityAttributes), None, False)
        require(
            _descriptor_of(
                f"D:P(A;;GA;;;{own_sid()})",
                1,
                ctypes.byref(attributes, _SecurityAttributes.descriptor.offset),
                None,
            ),
            "make the pipe's access list",
        )
        try:
            pipe = _create_pipe(
                name,
                _DUPLEX | (_FIRST_INSTANCE if first else 0),
                _REJECT_REMOTE,
                _UNLIMITED,
                _BUFFER,
                _BUFFER,
                0,
                ctypes.byref(attributes),
            )
        finally:
            local_free(attributes.descriptor)
        require(pipe != _INVALID, f"make {name}")
        return int(pipe)

    def wait_for_client(pipe: int) -> bool:
        """Blocks until somebody connects; False when that failed."""
        return bool(_connect_pipe(pipe, None)) or ctypes.get_last_error() == _PIPE_CONNECTED

    def client_of(pipe: int) -> int:
        """The number of the process that connected."""
        pid = DWORD()
        require(_client_pid(pipe, ctypes.byref(pid)), "tell who connected")
        return pid.value

    def dial(name: str, timeout_s: float) -> int:
        """Connects to the daemon's pipe and checks that the same user made it.

        Raises:
            ControlError: When there is none, it is busy, or it is another user's.
        """
        while True:
            pipe = _create_file(name, _READ_WRITE, 0, None, _OPEN_EXISTING, _IDENTIFY_ONLY, None)
            if pipe != _INVALID:
                break
            error = ctypes.get_last_error()
            if error == _NOT_FOUND:
                raise ControlError("no daemon is running", "sensorium run")
            if error != _PIPE_BUSY or not _wait_pipe(name, int(timeout_s * 1000)):
                raise failure("reach the daemon")
        try:
            _require_same_user(pipe)
        except ControlError:
            close(pipe)
            raise
        return int(pipe)

    def read(pipe: int, size: int) -> bytes:
        """At least one byte, at most `size`; ConnectionError at the end."""
        data, count = ctypes.create_string_buffer(size), DWORD()
        if not _read_file(pipe, data, size, ctypes.byref(count), None) or not count.value:
            raise ConnectionError(last_error())
        return data.raw[: count.value]

    def write(pipe: int, data: bytes) -> None:
        """All of it; ConnectionError at the end."""
        count = DWORD()
        if not _write_file(pipe, data, len(data), ctypes.byref(count), None):
            raise ConnectionError(last_error())

    def interrupt(pipe: int) -> None:
        """Ends whatever another thread waits for on a pipe."""
        _cancel_io(pipe, None)

    def _require_same_user(pipe: int) -> None:
        pid = DWORD()
        require(_server_pid(pipe, ctypes.byref(pid)), "tell whose daemon answers")
        process = open_process(pid.value)
        try:
            if user_of(process) != own_sid():
                raise ControlError("the pipe belongs to another user", "sensorium run")
        finally:
            close(process)
