"""A short time slice: who wakes up with it does not wait until another's long one is over.

Of ordinary threads that had no more than their share, Linux runs the one whose slice is over first
(EEVDF, kernel/sched/fair.c; from 6.12 on a thread may ask for its own length of it, sched(7)). It
gets no more of the processor by it, only sooner; so anybody may. It takes 0.1 to 100 ms.
"""

from __future__ import annotations

import ctypes
import platform
import sys

SHORT_NS = 100_000
"""The shortest that is granted."""

if sys.platform == "linux":
    _GET, _SET = {"x86_64": (315, 314), "aarch64": (275, 274)}.get(platform.machine(), (-1, -1))
    _RESET_ON_FORK = 1
    _syscall = ctypes.CDLL(None, use_errno=True).syscall
    _syscall.restype = ctypes.c_long

    class _Attributes(ctypes.Structure):
        """struct sched_attr of linux/sched/types.h, in its first size."""

        _fields_ = (
            ("size", ctypes.c_uint32),
            ("policy", ctypes.c_uint32),
            ("flags", ctypes.c_uint64),
            ("nice", ctypes.c_int32),
            ("priority", ctypes.c_uint32),
            ("runtime_ns", ctypes.c_uint64),
            ("deadline_ns", ctypes.c_uint64),
            ("period_ns", ctypes.c_uint64),
        )

    _SIZE = ctypes.sizeof(_Attributes)

    def shorten() -> bool:
        """Asks for a short slice for the calling thread; threads that it starts have a usual one.

        Returns:
            Whether the system says that it has it: an older one takes the wish and forgets it.
        """
        return _ask(SHORT_NS) and of(0) == SHORT_NS

    def restore() -> None:
        """The calling thread has the system's usual slice again."""
        _ask(0)

    def of(thread: int) -> int:
        """The slice of an ordinary thread in ns; 0: the system does not tell.

        Args:
            thread: As the kernel counts; 0: the calling one.
        """
        found = _attributes(thread)
        return 0 if found is None else int(found.runtime_ns)

    def _ask(slice_ns: int) -> bool:
        wish = _attributes(0)
        if wish is None or wish.policy:
            return False
        wish.size, wish.runtime_ns = _SIZE, slice_ns
        # To take this flag away again takes a right, so it stays.
        wish.flags |= _RESET_ON_FORK
        return not _syscall(_SET, 0, ctypes.byref(wish), 0)

    def _attributes(thread: int) -> _Attributes | None:
        found = _Attributes()
        if _syscall(_GET, thread, ctypes.byref(found), _SIZE, 0):
            return None
        return found

else:

    def shorten() -> bool:
        """See above."""
        return False

    def restore() -> None:
        """See above."""

    def of(_thread: int) -> int:
        """See above."""
        return 0
