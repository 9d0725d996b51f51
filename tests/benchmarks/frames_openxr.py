"""OpenXR apps that make frames, seen through the API layer: hello_xr, another one, the user's."""

from __future__ import annotations

import contextlib
import math
import os
import shlex
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from fixtures import layer
from fixtures.display import virtual_display
from fixtures.hello_xr import NAME, HelloXr
from fixtures.layer import LayerHome
from fixtures.monado import MonadoService
from fixtures.waiting import eventually
from frames_loads import FRAME, end, settle
from processes import cpu_s

from sensorium.clock import now_ns
from sensorium.errors import SensorError
from sensorium.sensors.openxr_layer import folder as layer_folder
from sensorium.sensors.openxr_layer.frames import FrameCounts
from sensorium.sensors.openxr_layer.mapping import LayerMapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.daemon import Daemon
    from numpy.typing import NDArray

_POLL_S = 0.25
"""The layer keeps 256 frames: 1.8 s at 144 Hz."""
_TRIED_SCALE, _TRIED_S, _SCALES = 140, 4.0, (20, 400)


class Watched:
    """Frames of an OpenXR app as the layer tells them, read by a thread.

    Attributes:
        app: As it calls itself.
        pid: Its process.
        period_ns: Of its display.
    """

    def __init__(self, mapping: LayerMapping) -> None:
        self._mapping = mapping
        self.app, self.pid = mapping.about.app, mapping.about.pid
        self.period_ns = 0
        self._found: list[NDArray[np.void]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def stop(self) -> NDArray[np.void]:
        """Ends; all frames, `FRAME`."""
        self._ended.set()
        self._thread.join()
        self._mapping.close()
        return np.concatenate([np.zeros(0, FRAME), *self._found])

    def _follow(self) -> None:
        counts, number = FrameCounts(), 0
        while True:
            last = self._ended.is_set()
            frames, number = self._mapping.frames_after(number, now_ns())
            offset = self._mapping.clock_offset_ns()
            found = np.zeros(len(frames), FRAME)
            found["waited_ns"] = -1
            for place, frame in enumerate(frames):
                before = counts.missed
                counts.add(frames[place : place + 1], offset)
                waited, began = int(frame["wait_ns"][1]), int(frame["begin_ns"][0])
                found[place]["begin_ns"] = waited or began
                found[place]["submit_ns"] = frame["end_ns"][0]
                found[place]["missed"] = counts.missed - before
                if offset is not None:
                    found[place]["due_ns"] = int(frame["display_time"]) + offset
            self._found.append(found)
            self.period_ns = counts.period_ns
            if last:
                return
            self._ended.wait(_POLL_S)


class _Layered:
    """What all loads have whose frames come through the layer; `_start` begins one."""

    name = ""
    pids: tuple[int, ...] = ()

    def __enter__(self) -> _Layered:
        self._leaving = contextlib.ExitStack()
        try:
            self._watched = Watched(self._start())
        except BaseException:
            self._leaving.close()
            raise
        self.name = self.name or self._watched.app
        self.pids = self.pids or (self._watched.pid,)
        return self

    def __exit__(self, *_: object) -> None:
        self._frames = self._watched.stop()
        self._leaving.close()

    def ease(self, *, eased: bool) -> None:
        """See `Load.ease`; it has none."""

    @property
    def period_ns(self) -> int:
        """See `Load`."""
        return self._watched.period_ns

    def frames(self) -> NDArray[np.void]:
        """See `Load.frames`. The frame's time is from xrWaitFrame's return to xrEndFrame's call."""
        return self._frames

    def _start(self) -> LayerMapping:
        raise NotImplementedError

    def _layer(self, daemon: Daemon, who: str) -> LayerHome:
        """The layer, built from its source, for one app."""
        home = LayerHome(daemon)
        self._leaving.enter_context(home)
        built = Path(self._leaving.enter_context(tempfile.TemporaryDirectory(prefix="sns-built-")))
        home.command("install", "--library", str(layer.build(built / "layer")))
        home.allow("timing", who)
        return home


class Hello(_Layered):
    """Debian's hello_xr on Monado, whose compositor draws into a virtual display in software.

    Args:
        folder: A private one.
        daemon: That will come and go.
        hz: Of the display that Monado believes in.
        scale: Percent of the image size that it recommends to the app: what a frame costs.
    """

    def __init__(self, folder: Path, daemon: Daemon, hz: float, scale: int) -> None:
        self.name = f"hello_xr {hz:g} Hz, images at {scale} %"
        self._folder, self._daemon, self._hz, self._scale = folder, daemon, hz, scale

    def _start(self) -> LayerMapping:
        display = self._leaving.enter_context(virtual_display("640x480"))
        service = _DrawingMonado(self._folder / "monado", {
            "DISPLAY": display["DISPLAY"], "XRT_COMPOSITOR_FORCE_XCB": "1",
            "XRT_COMPOSITOR_DEFAULT_FRAMERATE": f"{self._hz:g}",
            "XRT_COMPOSITOR_SCALE_PERCENTAGE": str(self._scale),
        })  # fmt: skip
        self._leaving.callback(service.stop)
        service.start()
        remote = self._leaving.enter_context(service.connect())
        remote.send()
        home = self._layer(self._daemon, NAME)
        own = self._folder / "hello"
        own.mkdir(exist_ok=True)
        app = self._leaving.enter_context(HelloXr(service, own, home.environment))
        app.reaches("FOCUSED")
        self.pids = (app.process.pid, service.pid())
        return home.session()


def fitting_scale(folder: Path, daemon: Daemon, hz: float, share: float) -> int:
    """The image size, percent, at which app and compositor take a share of all cores' time.

    It is tried once; what a frame takes of the processors, which other work hardly changes, grows
    with the number of pixels.
    """
    folder.mkdir()
    with Hello(folder, daemon, hz, _TRIED_SCALE) as tried:
        settle(tried)
        begin_ns, before = now_ns(), sum(map(cpu_s, tried.pids))
        time.sleep(_TRIED_S)
        end_ns, after = now_ns(), sum(map(cpu_s, tried.pids))
    submitted = tried.frames()["submit_ns"]
    count = int(((submitted >= begin_ns) & (submitted < end_ns)).sum())
    a_frame_s = (after - before) / max(1, count)
    wanted_s = share * (os.cpu_count() or 1) / hz
    scale = _TRIED_SCALE * math.sqrt(wanted_s / max(a_frame_s, 1e-4))
    return round(min(max(scale, _SCALES[0]), _SCALES[1]))


class _DrawingMonado(MonadoService):
    """With its own compositor, which draws, in the place of the null one."""

    def __init__(self, folder: Path, drawing: Mapping[str, str]) -> None:
        super().__init__(folder)
        self._drawing = drawing

    def _environment(self) -> dict[str, str]:
        environment = {**super()._environment(), **self._drawing}
        del environment["XRT_COMPOSITOR_NULL"]
        return environment

    def pid(self) -> int:
        """Of the running service."""
        assert self._process is not None
        return self._process.pid


class App(_Layered):
    """Another OpenXR app, on the runtime that is active for this user.

    Args:
        daemon: That will come and go.
        command: Starts it, as for a shell.
        who: As it calls itself to OpenXR; empty: it is known by its program's file name.
    """

    def __init__(self, daemon: Daemon, command: str, who: str = "") -> None:
        self._daemon, self._command = daemon, shlex.split(command)
        self._who = who or Path(self._command[0]).name

    def _start(self) -> LayerMapping:
        home = self._layer(self._daemon, self._who)
        environment = {**os.environ, **home.environment}
        # Some end with their input.
        process = subprocess.Popen(self._command, env=environment, stdin=subprocess.PIPE)
        self._leaving.callback(end, process)
        self._leaving.callback(process.terminate)
        return home.session()


class Attached(_Layered):
    """The game that the user plays already, with the layer that he installed."""

    def _start(self) -> LayerMapping:
        def look() -> LayerMapping | None:
            for path in layer_folder.sessions():
                with contextlib.suppress(SensorError):
                    mapping = LayerMapping(path)
                    if not mapping.is_over():
                        return mapping
                    mapping.close()
            return None

        return eventually(
            look, f"a game with the layer in {layer_folder.path()}: `sensorium layer status`"
        )
