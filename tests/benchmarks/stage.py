"""A whole headset and microphone without hardware: Monado, PulseAudio, and the daemon on both."""

from __future__ import annotations

import contextlib
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
    from collections.abc import Callable

    from fixtures.remote_driver import Remote

WORDS = "The quick brown fox jumps over the lazy dog, and then it goes on and on. " * 8


class Stage:
    """Both servers and the daemon with the shipped default configuration; a context manager.

    Attributes:
        folder: A private one, gone at the end.
        daemon: Not yet started, so that a benchmark can time its start.
        sound: The sound server.
        remote: Moves head, hands and controllers.
    """

    remote: Remote

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
            arguments=["--set", 'sensors.microphone.device="pulse"'],
            environment={**self.sound.environment, **headset.environment},
        )
        return self

    def __exit__(self, *failure: object) -> None:
        self._leaving.close()

    def speech(self) -> Path:
        """A WAV file with half a minute of synthesised speech."""
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
