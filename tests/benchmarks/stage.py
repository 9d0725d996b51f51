"""A whole headset and microphone without hardware: Monado, PulseAudio, and the daemon on both."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures import pulse
from fixtures.daemon import Daemon
from fixtures.monado import MonadoService

from sensorium import folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fixtures.remote_driver import Remote

WORDS = "The quick brown fox jumps over the lazy dog, and then it goes on and on. " * 8


INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}
"""The daemon's byte code is kept, as it is where it was installed."""


class Stage:
    """Both servers and the daemon with the shipped default configuration; a context manager.

    The microphone is the monitor of a PulseAudio null sink. It moves in the steps that the daemon
    asks for, as a sound card with PulseAudio's timer does, but only from its second step on: left
    alone it turns once in two seconds. `clocked` makes it turn every 10 ms from the start.

    Args:
        *settings: More of the configuration, as SECTION.KEY=VALUE.

    Attributes:
        folder: A private one, gone at the end.
        daemon: Not yet started, so that a benchmark can time its start.
        sound: The sound server.
        remote: Moves head, hands and controllers.
    """

    remote: Remote

    def __init__(self, *settings: str) -> None:
        self._settings = ('sensors.microphone.device="pulse"', *settings)

    def __enter__(self) -> Stage:
        self._leaving = contextlib.ExitStack()
        self.folder = Path(self._leaving.enter_context(tempfile.TemporaryDirectory()))
        pulse.require()
        self.sound = self._leaving.enter_context(pulse.PulseServer())
        headset = MonadoService(self.folder / "xr")
        self._leaving.callback(headset.stop)
        headset.start()
        self.remote = self._leaving.enter_context(headset.connect())
        self.daemon = Daemon(
            self.folder, "default", cache=folders.cache_dir(), python=headset.python,
            arguments=[word for one in self._settings for word in ("--set", one)],
            environment={**self.sound.environment, **headset.environment, **INSTALLED},
        )
        return self

    def __exit__(self, *failure: object) -> None:
        self._leaving.close()

    @contextlib.contextmanager
    def clocked(self) -> Iterator[None]:
        """Silence is played with a latency of 10 ms, so that the sound moves in such steps."""
        with self._running(
            "pacat", "--device=vmic", "--raw", "--rate=48000", "--channels=1", "--format=s16le",
            "--latency-msec=10", "/dev/zero",
        ):
            yield

    @contextlib.contextmanager
    def talking(self) -> Iterator[None]:
        """Half a minute of synthesised speech begins."""
        with self._running("paplay", "--device=vmic", str(self._speech())):
            yield

    @contextlib.contextmanager
    def _running(self, *command: str) -> Iterator[None]:
        """A client of the sound server; asked to end, since a killed one takes it along."""
        process = subprocess.Popen(command, env=os.environ | self.sound.environment)
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    def _speech(self) -> Path:
        path = self.folder / "speech.wav"
        if not path.exists():
            subprocess.run(["espeak-ng", "-w", path, WORDS], check=True)
        return path


def until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Waits, and fails with `what` when it never comes."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"never came: {what}")
        time.sleep(0.005)
