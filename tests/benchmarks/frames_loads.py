"""What makes frames: a synthetic renderer and the 3D example; OpenXR apps are next door."""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from fixtures import clients, viewer
from fixtures.display import virtual_display
from fixtures.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PROGRAMS = Path(__file__).parent / "programs"
FRAME = np.dtype([
    ("begin_ns", "<i8"), ("submit_ns", "<i8"), ("due_ns", "<i8"), ("waited_ns", "<i8"),
    ("missed", "<u4"), ("share_ppm", "<u4"),
])
"""`frame_t` of renderer.c. `due_ns` and `share_ppm` are 0 where they are not known, `waited_ns` -1;
`missed`: refreshes without a new frame right before this one is shown (renderer: because of it)."""

_END_S = 30
_EASED = 0.1


class Load(Protocol):
    """Makes frames while its context is entered.

    Attributes:
        name: Of the app.
        pids: Of the processes that make its frames.
        period_ns: Of the display; 0 until it is known.
    """

    name: str
    pids: tuple[int, ...]
    period_ns: int

    def ease(self, *, eased: bool) -> None:
        """Frames cost little while a daemon starts, where the load has a choice."""

    def frames(self) -> NDArray[np.void]:
        """All frames, `FRAME`, once the context was left."""


class Renderer:
    """The synthetic renderer, see programs/renderer.c; a context manager.

    Args:
        folder: For the program and its frames.
        environment: Of a daemon that may run.
        hz: Of its display.
        share: Of its budget that a frame takes on idle cores.
        threads: That each do as much.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], hz: float, share: float, threads: int
    ) -> None:
        self.name = f"synthetic {hz:g} Hz, {threads} x {100 * share:g} %"
        self.period_ns = round(1e9 / hz)
        self._share = share
        self._file = folder / "frames"
        program = folder / "renderer"
        if not program.exists():
            source = PROGRAMS / "renderer.c"
            clients.compile_c(program, [source], "-pthread", standard="gnu11")
        self._command = [str(program), str(self._file), str(hz), str(share), str(threads)]
        self._environment = dict(environment)

    def __enter__(self) -> Renderer:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=self._environment,
        )
        self.pids = (self._process.pid,)
        assert self._process.stdout
        if self._process.stdout.readline() != "ready\n":
            raise SystemExit(f"the renderer ended with {self._process.wait()}")
        return self

    def ease(self, *, eased: bool) -> None:
        """See `Load.ease`."""
        self.set_share(min(_EASED, self._share) if eased else self._share)

    def set_share(self, share: float) -> None:
        """Changes what a frame takes from now on."""
        assert self._process.stdin
        self._process.stdin.write(f"share {share}\n")
        self._process.stdin.flush()

    def __exit__(self, *_: object) -> None:
        end(self._process)

    def frames(self) -> NDArray[np.void]:
        """See `Load.frames`."""
        return np.fromfile(self._file, FRAME)


class Example:
    """The 3D example (runtime/clients/example) on a virtual display; a context manager.

    Args:
        folder: For the program and its frames.
        environment: Of a daemon that may run.
        hz: Frames a second.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], hz: float) -> None:
        self.name = f"3D example {hz:g} Hz"
        self.period_ns = round(1e9 / hz)
        self._folder, self._hz = folder, hz
        self._environment = dict(environment)

    def __enter__(self) -> Example:
        self._leaving = contextlib.ExitStack()
        display = self._leaving.enter_context(virtual_display())
        program = self._folder / "viewer"
        if not program.exists():
            viewer.build(program)
        self._process = subprocess.Popen(
            [str(program), "--hold", "--size", "640x360", "--rate", str(self._hz), "--samples",
             "0", "--times", str(self._folder / "times")],
            env={**self._environment, "DISPLAY": display["DISPLAY"], "LIBGL_ALWAYS_SOFTWARE": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )
        self.pids = (self._process.pid,)
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)
        self._leaving.close()

    def ease(self, *, eased: bool) -> None:
        """See `Load.ease`; it has none."""

    def frames(self) -> NDArray[np.void]:
        """See `Load.frames`. It misses what it draws more than half a period too late."""
        times = np.fromfile(self._folder / "times", "<i8").reshape(-1, 2)
        found = np.zeros(len(times), FRAME)
        found["begin_ns"], found["submit_ns"] = times.T
        found["waited_ns"] = -1
        steps = np.diff(found["begin_ns"], prepend=found["begin_ns"][:1] - self.period_ns)
        found["missed"] = np.maximum(0, np.rint(steps / self.period_ns) - 1)
        return found


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Ends a program: by its standard input, where it has one, else as a window manager does."""
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    else:
        process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def settle(load: Load, seconds: float = 1.0) -> None:
    """Waits until the display's period is known, and a little longer."""
    eventually(lambda: load.period_ns, f"frames of {load.name}")
    time.sleep(seconds)
