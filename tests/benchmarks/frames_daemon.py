"""The daemon that comes and goes beside an app, its clients, and what all of them cost."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import frames_senses as senses_of
import numpy as np
from fixtures import clients
from fixtures.daemon import Daemon, DaemonError
from fixtures.waiting import eventually
from processes import cpu_s

from sensorium import folders
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PROGRAMS = Path(__file__).parent / "programs"
NOTE = np.dtype([
    *((name, "<u8") for name in ("seen_ns", "capture_ns", "publish_ns", "n", "a", "b", "c", "d")),
    ("channel", "<u2"), ("status", "<u2"), ("reason", "<u4"),
])
"""`note_t` of freshness.c."""
READ_HZ, TEXTS_HZ = 50, 4
OFF, ON, GOVERNED = "off", "on", "governed"
ARMS = (OFF, ON, GOVERNED)
"""No daemon; a daemon without the governor; a daemon with it."""
_READY_S = 180.0
_DRAIN_S = 20.0
"""How long a daemon is given at its end for the texts of what was said."""
_LINK_S = 1.0


class Ai:
    """All senses on, as a daemon that is started and stopped; a context manager.

    Args:
        folder: A private one.
        senses: That are on.
        recording: That they see and hear, again and again.
        video: That the camera sees; None: it is off.
        nice: How far below the app the senses run.
        attached: Whether the daemon has the user's own runtime folder, where his games' layers are.

    Attributes:
        daemon: It.
        texts: What the client of the local API said of each time that it ran.
        notes: What the reader saw, `NOTE`, once the context was left.
        channels: The names behind the numbers in it.
    """

    def __init__(
        self, folder: Path, senses: tuple[str, ...], recording: Path, video: Path | None,
        *, nice: int, attached: bool = False,
    ) -> None:
        self._folder, self._senses = folder, senses
        self._recording, self._video, self._nice = recording, video, nice
        self._tasks = senses_of.has(senses_of.TEXT_ENGINE) and senses != senses_of.FEW
        self._config = folder / "frames.toml"
        self.daemon = Daemon(
            folder, self._config, cache=folders.cache_dir(), ready_s=_READY_S,
            environment={"PYTHONDONTWRITEBYTECODE": ""},
        )
        if attached:
            self.daemon.runtime_dir = folders.runtime_dir()
            self.daemon.environment["SENSORIUM_RUNTIME_DIR"] = str(folders.runtime_dir())
        self.channels = senses_of.channels(senses)
        self.texts: list[dict[str, Any]] = []
        self._client: subprocess.Popen[str] | None = None
        self._waiting: set[str] = set()
        self._seen = folder / "notes"

    def __enter__(self) -> Ai:
        self._leaving = contextlib.ExitStack()
        try:
            self._begin()
        except BaseException:
            self._leaving.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._leaving.close()
        if kind is None:
            self.notes: NDArray[np.void] = np.fromfile(self._seen, NOTE)

    def _begin(self) -> None:
        if self.daemon.runtime_dir == folders.runtime_dir() and self._runs():
            raise SystemExit("a daemon runs already: `sensorium stop`, then start this anew")
        self._leaving.callback(self.daemon._sweep)
        self._leaving.callback(self._end_daemon)
        senses_of.write_vocabulary(self.daemon.config_dir)
        done = self.daemon.command("grants", "allow", senses_of.APP, *senses_of.GRANTS)
        if done.returncode:
            raise SystemExit(done.stderr)
        program = self._folder / "freshness"
        source = PROGRAMS / "freshness.c"
        clients.compile_c(program, [source], standard="gnu11")
        reader = subprocess.Popen(
            [str(program), senses_of.APP, str(self._seen), str(READ_HZ), *self.channels],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.daemon.environment,
        )
        listener = threading.Thread(target=self._listen, args=(reader,))
        listener.start()
        self._leaving.callback(_leave, reader, listener)
        self._leaving.callback(self._end_texts)

    def start(self, arm: str) -> None:
        """Starts the daemon of an arm, and returns when every sense is at work."""
        if arm == OFF:
            return
        self._config.write_text(senses_of.configuration(
            self._senses, self._recording, self._video, governed=arm == GOVERNED,
            tasks=self._tasks, nice=self._nice,
        ))
        self.daemon.start()
        eventually(self._is_live, lambda: f"{self._parts()}\n{self.daemon.read_log()}", _READY_S)
        if self._tasks:
            where = self.daemon.runtime_dir / "api.json"
            eventually(where.exists, self.daemon.read_log, _READY_S)
            socket = json.loads(where.read_text())["socket"]
            self._client = subprocess.Popen(
                [sys.executable, str(PROGRAMS / "text_tasks.py"), socket, str(TEXTS_HZ)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
        # The reader looks for it ten times a second.
        time.sleep(_LINK_S)

    def stop(self, arm: str) -> None:
        """Stops it once the texts of all utterances that have ended are there, or never come."""
        if arm == OFF:
            return
        self._end_texts()
        if "speech" in self._senses:
            time.sleep(_LINK_S)
            waiting, end = set(self._waiting), time.monotonic() + _DRAIN_S
            while waiting & self._waiting and time.monotonic() < end:
                time.sleep(0.05)
        self._waiting.clear()
        self.daemon.stop()

    def pids(self) -> dict[str, int]:
        """Name to process of a running daemon; empty while there is none."""
        process = self.daemon.process
        if process is None or process.poll() is not None:
            return {}
        return {"supervisor": process.pid, **self.daemon.children()}

    def _listen(self, reader: subprocess.Popen[str]) -> None:
        assert reader.stdout
        for line in reader.stdout:
            what, _, utterance = line.rstrip().partition(" ")
            if what == "ended":
                self._waiting.add(utterance)
            elif what == "final":
                self._waiting.discard(utterance)

    def governor_share(self) -> float | None:
        """What the governor says that its own thread takes of a core; None: there is none."""
        told = self._governor()
        return float(told["cpu_percent"]) / 100 if told.get("enabled") else None

    def restarts(self) -> int:
        """How often processes of this daemon were started anew."""
        try:
            processes = self.daemon.status()["processes"]
        except (SensoriumError, OSError):
            return 0
        return sum(int(process.get("restarts", 0)) for process in processes)

    def holds(self) -> bool:
        """Whether the governor takes something from the senses now."""
        told = self._governor()
        return bool(told.get("level") or told.get("background"))

    def _governor(self) -> dict[str, Any]:
        try:
            return dict(self.daemon.status().get("governor", {}))
        except (SensoriumError, OSError):
            return {}

    def _end_texts(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            said = _finish(client)
            self.texts += [json.loads(said)] if said else []

    def _end_daemon(self) -> None:
        if self.daemon.process is not None and self.daemon.process.poll() is None:
            with contextlib.suppress(DaemonError):
                self.daemon.stop()

    def _is_live(self) -> bool:
        parts = self._parts()
        wanted = ("replay", *self._senses)
        return all(parts.get(name, {}).get("state") in ("live", "ready") for name in wanted)

    def _parts(self) -> dict[str, Any]:
        try:
            return dict(self.daemon.status()["parts"])
        except (SensoriumError, OSError):
            return {}

    def _runs(self) -> bool:
        try:
            self.daemon.status()
        except (SensoriumError, OSError):
            return False
        return True


def _leave(reader: subprocess.Popen[str], listener: threading.Thread) -> None:
    """Ends the reader, which then writes its notes."""
    assert reader.stdin
    assert reader.stdout
    reader.stdin.close()
    reader.wait(60)
    listener.join()
    reader.stdout.close()


def _finish(process: subprocess.Popen[str]) -> str:
    """Ends a program by its standard input; what it says last."""
    if process.poll() is None:
        with contextlib.suppress(BrokenPipeError, ValueError):
            said, _ = process.communicate(timeout=60)
            return said
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    return ""


def used(pids: Mapping[str, int]) -> dict[str, float]:
    """Processor time of processes since their start, s; those that have ended are left out."""
    found = {}
    for name, pid in pids.items():
        with contextlib.suppress(OSError):
            found[name] = cpu_s(pid)
    return found


def machine_s() -> dict[str, float]:
    """The machine's time so far, by kind (proc_stat(5)), in ticks of all cores."""
    kinds = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    line = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return {kind: float(value) for kind, value in zip(kinds, line, strict=False)}


def machine_shares(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """How much of a time the machine was idle, and was given to other guests of its host."""
    took = {kind: after[kind] - before[kind] for kind in after}
    whole = sum(took.values()) or 1.0
    idle = took["idle"] + took["iowait"]
    return {"idle share": idle / whole, "steal share": took["steal"] / whole}
