"""An app's or command's end of the control socket; blocking, for use outside a render loop."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import sensorium
from sensorium import folders
from sensorium.channels import layout
from sensorium.channels.mapping import close_handle
from sensorium.channels.region import Region, Waiters
from sensorium.control import frames
from sensorium.control.replies import BUSY, Refused, checked
from sensorium.errors import ControlError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

if sys.platform == "win32":
    from sensorium.control.dial_windows import PipeLine as Line
else:
    from sensorium.control.dial_unix import UnixLine as Line


class Client:
    """A connection to the daemon; a context manager.

    Attributes:
        greeting: What the daemon said to `hello`: its version, the session, the generation; empty
            where the owner's client got no place among the apps.
        since_ns: Region that was opened to the time from which on its records may be read: older
            ones may have been written while the app was denied.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self.greeting: dict[str, Any] = {}
        self.since_ns: dict[str, int] = {}

    @classmethod
    def connect(
        cls,
        app: str,
        runtime_dir: Path | None = None,
        *,
        timeout_s: float = 5.0,
        owner: bool = False,
        behalf: tuple[int, str] | None = None,
    ) -> Client:
        """Connects and says hello.

        Args:
            app: The name by which the owner grants things, 1 to 64 printable characters.
            runtime_dir: The daemon's runtime folder; None: the user's.
            timeout_s: The longest wait for each answer.
            owner: Goes on without a name where as many apps are connected as may be: for the
                owner's own requests, which need none.
            behalf: Process and program of who asks, where the daemon's own service asks for an
                app; the daemon takes it from nobody else.

        Raises:
            ControlError: When no daemon is running, or it refuses.
            VersionError: When the daemon has another layout.
        """
        client = cls(Line(runtime_dir or folders.runtime_dir(), timeout_s))
        other = {"for_pid": behalf[0], "for_executable": behalf[1]} if behalf else {}
        try:
            client.greeting = client.request(
                "hello",
                app=app,
                client=f"python {sensorium.__version__}",
                layout_major=layout.LAYOUT_MAJOR,
                layout_minor=layout.LAYOUT_MINOR,
                **other,
            )
        except Refused as error:
            if not owner or error.code != BUSY:
                client.close()
                raise
        except BaseException:
            client.close()
            raise
        return client

    def request(self, operation: str, **fields: Any) -> dict[str, Any]:
        """Asks for something and waits for the answer.

        Raises:
            DeniedError: There is no grant for it; the remedy is a command.
            ControlError: It was refused, or the daemon is gone.
        """
        answer, handles = self._exchange(operation, fields)
        for handle in handles:
            close_handle(handle)
        return answer

    def grants(self) -> dict[str, Any]:
        """All decisions and wishes: `grants`, `pending` and, about the file, `problem`.

        Raises:
            ControlError: The daemon is gone.
        """
        answer = self.request("grants")
        listed = {name: answer[name] for name in ("grants", "pending", "problem")}
        while answer["next"]:
            answer = self.request("grants", after=answer["next"])
            listed["grants"] += answer["grants"]
            listed["pending"] += answer["pending"]
        return listed

    def open(self, region: str) -> tuple[Region, Waiters]:
        """Opens a region: a grant class, `public`, or `app` for this connection's own.

        Returns:
            The region, mapped read-only (`app`: writable), and its waiters' page. The caller
            closes both; `app` ends with the connection.

        Raises:
            DeniedError: There is no grant; the remedy is the command that gives it.
            ControlError: It was refused, or the daemon is gone.
        """
        answer, handles = self._exchange("open", {"region": region})
        self.since_ns[region] = int(answer.get("since_ns", 0))
        if len(handles) != 2:
            for handle in handles:
                close_handle(handle)
            raise ControlError(f"the daemon sent {len(handles)} handles for {region}, not 2")
        try:
            opened = Region.map_fd(handles[0], writable=region == "app")
        except BaseException:
            close_handle(handles[1])
            raise
        return opened, Waiters.map_fd(handles[1])

    def close(self) -> None:
        """Ends the connection, and with it the app's own region."""
        self._line.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(
        self, operation: str, fields: dict[str, Any]
    ) -> tuple[dict[str, Any], tuple[int, ...]]:
        body, handles = self._line.exchange(frames.encode({"op": operation, **fields}))
        try:
            answer = checked(frames.decode(body))
        except BaseException:
            for handle in handles:
                close_handle(handle)
            raise
        return answer, handles
