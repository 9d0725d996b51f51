"""Sleeping on named events and setting those of who sleeps: Windows has no futex across processes.

Every sleeper of a region takes a seat there: an event of its own that resets itself, named after
the region and the seat's number, and a word in the waiters' page that says until when it may
sleep. One event for all could not be reset by anybody without a race that loses a wake-up. The
system gives a name to the first who asks and frees it with the last handle, so a sleeper that is
killed leaves no seat taken. A writer opens the events of leased seats by name.
"""

from __future__ import annotations

import ctypes
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensorium.channels.reader import Ring
    from sensorium.channels.region import Region, Waiters
    from sensorium.channels.table import EntryInfo

if sys.platform == "win32":
    from sensorium.channels.kernel_windows import (
        BOOL,
        DWORD,
        HANDLE,
        TEXT,
        close_handle,
        create_event,
        function,
        kernel,
        set_event,
        wait_for_any,
    )
    from sensorium.channels.layout import FIRST_SEAT, SEATS, Header

    _open_event = function(kernel, "OpenEventW", HANDLE, DWORD, BOOL, TEXT)

    _MODIFY_STATE, _ALREADY_EXISTS, _FAILED = 0x2, 183, 0xFFFFFFFF
    _POLL_S = 0.002
    """Where every seat is taken: how often the counters are looked at."""
    _LONGEST_NS = 50_000_000
    """The longest sleep: a writer of another logon session or of other rights may not reach the
    event, and the first sleeper of a channel may miss a wake-up by nanoseconds."""

    def waker(region: Region, _entry: EntryInfo, page: Waiters | None) -> Callable[[int], None]:
        """What wakes all who sleep in a channel's region; a few system calls for each of them."""
        prefix = _prefix(region)

        def wake(now_ns: int) -> None:
            if page is None:
                return
            words = page.words
            for seat in range(SEATS):
                if words[FIRST_SEAT + seat] > now_ns:
                    _set(f"{prefix}{seat}")

        return wake

    def wake_all(region: Region) -> None:
        """Wakes all who sleep on any channel of a region."""
        prefix = _prefix(region)
        for seat in range(SEATS):
            _set(f"{prefix}{seat}")

    class Bed:
        """A sleeper's seats: one in each region that it waits on; `close` gives them up.

        Args:
            rings: Readers or cursors.
            pages: The waiters' page of each ring's region, in the same order.
        """

        def __init__(self, rings: Sequence[Ring], pages: Sequence[Waiters]) -> None:
            places = {ring.region: page for ring, page in zip(rings, pages, strict=True)}
            taken = [(page.words, _take(region)) for region, page in places.items()]
            self._seats = [
                (words, FIRST_SEAT + seat[0], seat[1]) for words, seat in taken if seat
            ]
            self._complete = len(self._seats) == len(taken)
            handles = [handle for _, _, handle in self._seats]
            self._handles = (HANDLE * len(handles))(*handles)

        def lease(self, until_ns: int) -> None:
            """Says until when this sleeper may sleep."""
            for words, index, _ in self._seats:
                words[index] = until_ns

        def sleep(self, _values: Sequence[int], nap_ns: int) -> None:
            """Sleeps until a record is written for which a lease stands, at most `nap_ns`."""
            count, nap_ns = len(self._handles), min(nap_ns, _LONGEST_NS)
            if not count or not self._complete:
                time.sleep((nap_ns if not count and self._complete else _nap(nap_ns)) / 1e9)
            elif wait_for_any(count, self._handles, False, -(-nap_ns // 1_000_000)) == _FAILED:
                time.sleep(_nap(nap_ns) / 1e9)

        def close(self) -> None:
            """Gives the seats up; a second call does nothing. Their leases end by themselves."""
            for _, _, handle in self._seats:
                close_handle(handle)
            self._seats = []
            self._handles = (HANDLE * 0)()

    def _nap(nap_ns: int) -> int:
        return min(int(_POLL_S * 1e9), nap_ns)

    def _prefix(region: Region) -> str:
        """What the names of a region's events begin with."""
        started = region.words[Header.STARTED_NS // 8]
        return f"Local\\sensorium-{started:016x}-{region.generation:016x}-{region.name}-"

    def _take(region: Region) -> tuple[int, int] | None:
        """The number and event of the first free seat; None when all are taken."""
        prefix = _prefix(region)
        for seat in range(SEATS):
            ctypes.set_last_error(0)
            handle = create_event(None, False, False, f"{prefix}{seat}")
            if handle and ctypes.get_last_error() != _ALREADY_EXISTS:
                return seat, int(handle)
            if handle:
                close_handle(handle)
        return None

    def _set(name: str) -> None:
        handle = _open_event(_MODIFY_STATE, False, name)
        if handle:
            set_event(handle)
            close_handle(handle)
