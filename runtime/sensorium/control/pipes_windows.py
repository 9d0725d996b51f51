"""Named pipes of Windows: made with an access list, dialled with a check of who made them.

Every operation is overlapped, so that another thread can end it: a plain one cannot be ended for
sure while its thread waits in the system.
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
        close_handle,
        create_event,
        function,
        kernel,
        last_error,
        set_event,
        wait_for_any,
    )
    from sensorium.control.windows import (
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
    _OVERLAPPED = 0x40000000
    _PIPE_CONNECTED, _PIPE_BUSY, _NOT_FOUND, _PENDING = 535, 231, 2, 997
    _FOREVER, _TIMED_OUT = 0xFFFFFFFF, 258
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
    _result_of = function(kernel, "GetOverlappedResult", BOOL, HANDLE, POINTER, POINTER, BOOL)
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

    class _Overlapped(ctypes.Structure):
        _fields_ = (
            ("internal", ctypes.c_size_t * 2),
            ("offset", DWORD * 2),
            ("event", HANDLE),
        )

    class Pipe:
        """One end. One thread at a time uses it; any thread may interrupt that.

        Args:
            handle: Of the pipe, opened for overlapped use.
            timeout_s: The longest that an operation may take; None: for ever.
        """

        def __init__(self, handle: int, timeout_s: float | None = None) -> None:
            self.handle = handle
            self._limit_ms = _FOREVER if timeout_s is None else int(timeout_s * 1000)
            done, stop = (create_event(None, True, False, None) for _ in range(2))
            self._events = (HANDLE * 2)(done, stop)

        def wait_for_client(self) -> bool:
            """Waits until somebody connects; False when that failed or was interrupted."""
            overlapped = _Overlapped(event=self._events[0])
            try:
                self._finish(_connect_pipe(self.handle, ctypes.byref(overlapped)), overlapped)
            except ConnectionError:
                return False
            return True

        def read(self, size: int) -> bytes:
            """At least one byte, at most `size`; ConnectionError at the end."""
            data, overlapped = ctypes.create_string_buffer(size), _Overlapped(event=self._events[0])
            begun = _read_file(self.handle, data, size, None, ctypes.byref(overlapped))
            count = self._finish(begun, overlapped)
            if not count:
                raise ConnectionError("the other end is closed")
            return data.raw[:count]

        def write(self, data: bytes) -> None:
            """All of it; ConnectionError at the end."""
            overlapped = _Overlapped(event=self._events[0])
            begun = _write_file(self.handle, data, len(data), None, ctypes.byref(overlapped))
            self._finish(begun, overlapped)

        def interrupt(self) -> None:
            """Ends what another thread waits for here, and all that it would wait for later."""
            events = self._events
            if len(events):
                set_event(events[1])

        def close(self) -> None:
            """Closes it. A second call does nothing."""
            if self.handle:
                for handle in (self.handle, *self._events):
                    close_handle(handle)
                self.handle = 0
                self._events = (HANDLE * 0)()

        def _finish(self, begun: int, overlapped: _Overlapped) -> int:
            """Waits for an operation's end and gives the number of bytes that it moved."""
            ended = 0
            if not begun:
                error = ctypes.get_last_error()
                if error == _PIPE_CONNECTED:
                    return 0
                if error != _PENDING:
                    raise ConnectionError(ctypes.FormatError(error))
                ended = wait_for_any(2, self._events, False, self._limit_ms)
                if ended != 0:
                    _cancel_io(self.handle, ctypes.byref(overlapped))
            count = DWORD()
            if not _result_of(
                self.handle, ctypes.byref(overlapped), ctypes.byref(count), True
            ):
                slow = ended == _TIMED_OUT
                raise ConnectionError("it does not answer" if slow else last_error())
            return count.value

    def pipe_name() -> str:
        """The pipe of this user's daemon."""
        name = ctypes.create_unicode_buffer(257)
        length = DWORD(len(name))
        require(_user_name(name, ctypes.byref(length)), "tell the user's name")
        return rf"\\.\pipe\sensorium-{name.value}"

    def make_pipe(name: str, *, first: bool) -> Pipe:
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
                _DUPLEX | _OVERLAPPED | (_FIRST_INSTANCE if first else 0),
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
        return Pipe(int(pipe))

    def client_of(pipe: Pipe) -> int:
        """The number of the process that connected."""
        pid = DWORD()
        require(_client_pid(pipe.handle, ctypes.byref(pid)), "tell who connected")
        return pid.value

    def dial(name: str, timeout_s: float) -> Pipe:
        """Connects to the daemon's pipe and checks that the same user made it.

        Raises:
            ControlError: When there is none, it is busy, or it is another user's.
        """
        while True:
            options = _IDENTIFY_ONLY | _OVERLAPPED
            pipe = _create_file(name, _READ_WRITE, 0, None, _OPEN_EXISTING, options, None)
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
            close_handle(pipe)
            raise
        return Pipe(int(pipe), timeout_s)

    def _require_same_user(pipe: int) -> None:
        pid = DWORD()
        require(_server_pid(pipe, ctypes.byref(pid)), "tell whose daemon answers")
        process = open_process(pid.value)
        try:
            if user_of(process) != own_sid():
                raise ControlError("the pipe belongs to another user", "sensorium run")
        finally:
            close_handle(process)
