"""What the local API costs under load, and what that does to capture and to a gesture's way to C.

    python tests/benchmarks/service_load.py [--turns N] [--json FILE]

The real daemon with the shipped default configuration and the local API, on a real OpenXR runtime
(Monado, remote driver) in which the head and both hands move. Three loads by the Unix socket, each
from one process:

- 50 clients of the state channel `head` at 90 Hz over WebSocket;
- the same as Server-Sent Events;
- 16 connections that post `infer` on silero-vad, the next request as soon as one is answered.

Without and with a load take turns, so that a machine that slows down slows both. Lateness is that
of capture's polls, see `lateness`, with one grid for the whole run; a record's latency is from its
capture time to the C client, which looks every 0.2 ms and runs in all windows. Percentiles are of
all turns together; figures of processes, events and answers are medians of the turns, but for the
slowest client. What the clients themselves take of the processor is part of the load.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figures, percentiles
from lateness import RATE_HZ, lateness_ms, left_out
from motion import moving
from processes import usage
from service_overhead import request
from stage import Stage, until
from watch import APP, NEW, Watch, allow

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fixtures.daemon import Daemon
    from numpy.typing import NDArray

CLIENTS, CONNECTIONS = 50, 16
ENGINE = "silero-vad"
TURNS, WINDOW_S, SETTLE_S = 4, 6.0, 1.0
PROCESSES = ("service", "capture", "fast")
WEB_SOCKET = f"{CLIENTS} clients, WebSocket"
SERVER_SENT = f"{CLIENTS} clients, SSE"
INFER = f"{CONNECTIONS} connections that infer"
PROGRAMS = Path(__file__).parent / "programs"


@dataclass
class Windows:
    """The windows of one load, or those before it without.

    Attributes:
        load: What is told apart.
        spans_ns: Begin and end of each.
        percent: Process to its percent of one core in each.
        said: What the load's program said of each.
    """

    load: str
    spans_ns: list[tuple[int, int]] = field(default_factory=list)
    percent: dict[str, list[float]] = field(
        default_factory=lambda: {name: [] for name in PROCESSES}
    )
    said: list[dict[str, Any]] = field(default_factory=list)

    def look(self, daemon: Daemon, pids: Mapping[str, int]) -> None:
        """Lets one pass, in which no process may end: what comes after is not what was before."""
        time.sleep(SETTLE_S)
        begun = now_ns()
        try:
            found = usage(pids, WINDOW_S)
        except FileNotFoundError:
            raise SystemExit(
                f"{self.load}: a process of the daemon has ended:\n{daemon.read_log()}"
            ) from None
        for name, (percent, _) in found.items():
            self.percent[name].append(percent)
        self.spans_ns.append((begun, now_ns()))

    def within(self, times_ns: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
        """Which of some times are in each window."""
        return [(times_ns >= begin) & (times_ns < end) for begin, end in self.spans_ns]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("--turns", type=int, default=TURNS)
    options, _ = parser.parse_known_args()
    figures = Figures(
        "The local API under load", ("load", "what", "without", "with", "with / without")
    )
    with Stage("service.enabled=true") as stage:
        stage.remote.send()
        with stage.daemon as daemon, moving(stage.remote):
            allow(daemon, "motion")
            until(lambda: "gesture" in daemon.status()["parts"], "the senses")
            until((daemon.runtime_dir / "api.json").exists, "the local API")
            loads = _loads(daemon, stage.folder)
            children = daemon.children()
            pids = {name: children[name] for name in PROCESSES}
            found = {load: (Windows(f"before {load}"), Windows(load)) for load in loads}
            with Watch(stage.folder, daemon.environment, "head", "gesture_right") as watch:
                for _ in range(options.turns):
                    for load, command in loads.items():
                        without, loaded = found[load]
                        without.look(daemon, pids)
                        with _running(command, loaded):
                            loaded.look(daemon, pids)
                notes = watch.notes()
    for load, (without, loaded) in found.items():
        _compare(figures, load, without, loaded, notes)
    figures.show()


def _loads(daemon: Daemon, folder: Path) -> dict[str, list[str]]:
    """Load to its program with arguments."""
    path = json.loads((daemon.runtime_dir / "api.json").read_text())["socket"]
    query = f"channels=head&rate={RATE_HZ:g}"
    whole = folder / "request"
    whole.write_bytes(_infer())
    readers, callers = (
        [sys.executable, str(PROGRAMS / name), path]
        for name in ("event_readers.py", "infer_callers.py")
    )
    return {
        WEB_SOCKET: [*readers, "websocket", str(CLIENTS), query, APP],
        SERVER_SENT: [*readers, "sse", str(CLIENTS), query, APP],
        INFER: [*callers, str(CONNECTIONS), str(whole)],
    }


def _infer() -> bytes:
    """A whole request: silence, at the start of a stream."""
    feeds = {
        "input": np.zeros((1, 576), np.float32), "state": np.zeros((2, 1, 128), np.float32)
    }
    text, rest = request(feeds, ("output", "stateN"), "binary")
    head = (
        f"POST /v2/models/{ENGINE}/infer HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(text) + len(rest)}\r\n"
        f"Inference-Header-Content-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text + rest


@contextlib.contextmanager
def _running(command: list[str], windows: Windows) -> Iterator[None]:
    """A load's program works; what it says at its end is kept."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            if process.stdout.readline() != "ready\n":
                raise SystemExit(f"{Path(command[1]).name} did not start")
            yield
            out, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    if process.returncode:
        raise SystemExit(f"{Path(command[1]).name} ended with {process.returncode}")
    windows.said.append(json.loads(out))


def _compare(
    figures: Figures, load: str, without: Windows, loaded: Windows,
    notes: Mapping[str, NDArray[np.void]],
) -> None:
    for name in PROCESSES:
        shares = [statistics.median(windows.percent[name]) for windows in (without, loaded)]
        figures.row(load, f"{name}, % of a core", *shares, "")
        if name == "service" and load != INFER:
            figures.goal(f"{load}: the service, % of one core", shares[1], 20)
    _answers(figures, load, loaded.said)
    ratio = _lateness(figures, load, without, loaded, notes["head"])
    figures.goal(f"{load}: capture's lateness, p99, with over without", ratio, 1.1)
    _gesture(figures, load, without, loaded, notes["gesture_right"])


def _answers(figures: Figures, load: str, said: list[dict[str, Any]]) -> None:
    """What arrived at the clients."""
    if load == INFER:
        rate = statistics.median(turn["answers"] / turn["seconds"] for turn in said)
        figures.row(load, "answers a second, all together", "", rate, "")
        for name in ("p50", "p99"):
            took = statistics.median(turn[f"{name}_ms"] for turn in said)
            figures.row(load, f"an answer, ms, {name}", "", took, "")
        return
    rates = [[count / turn["seconds"] for count in turn["events"]] for turn in said]
    middle = statistics.median(statistics.median(turn) for turn in rates)
    figures.row(load, "events a second of a client", "", middle, "")
    figures.row(load, "  of the slowest client of all turns", "", min(map(min, rates)), "")


def _lateness(
    figures: Figures, load: str, without: Windows, loaded: Windows, notes: NDArray[np.void]
) -> float:
    """The ratio of its p99."""
    notes = notes[notes["status"] == NEW]
    times, numbers = (notes[name].astype(np.int64) for name in ("capture_ns", "n"))
    late = lateness_ms(times)
    by_turn = [
        [late[inside] for inside in windows.within(times)] for windows in (without, loaded)
    ]
    ratio = _rows(figures, load, "capture's lateness, ms", *by_turn)
    ratios = [_p99(turn) / _p99(alone) for alone, turn in zip(*by_turn, strict=True)]
    figures.row(load, "  p99 of each turn, median", "", "", statistics.median(ratios))
    lost = [
        sum(left_out(times[inside], numbers[inside]) for inside in windows.within(times))
        for windows in (without, loaded)
    ]
    figures.row(load, "  polls left out", *lost, "")
    return ratio


def _gesture(
    figures: Figures, load: str, without: Windows, loaded: Windows, notes: NDArray[np.void]
) -> None:
    notes = notes[notes["status"] == NEW]
    captured = notes["capture_ns"].astype(np.int64)
    took = (notes["seen_ns"].astype(np.int64) - captured) / 1e6
    _rows(
        figures, load, "gesture_right, capture to C, ms",
        *([took[inside] for inside in windows.within(captured)] for windows in (without, loaded)),
    )


def _rows(
    figures: Figures, load: str, what: str, without: list[NDArray[np.float64]],
    loaded: list[NDArray[np.float64]],
) -> float:
    """Adds a row for each percentile of all turns; the ratio of the p99."""
    before, beside = (percentiles(np.concatenate(turns).tolist()) for turns in (without, loaded))
    for name in ("p50", "p99", "max"):
        pair = before[name], beside[name]
        figures.row(load, f"{what}, {name}", *pair, pair[1] / pair[0])
    return beside["p99"] / before["p99"]


def _p99(values: NDArray[np.float64]) -> float:
    return percentiles(values.tolist())["p99"]


if __name__ == "__main__":
    main()
