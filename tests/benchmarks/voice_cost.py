"""What the voice costs: idle, and what recognising speech does to the senses of a frame.

    python tests/benchmarks/voice_cost.py [--json FILE]

Idle: the shipped configuration `voice` on a real sound server, silence. Beside it, on a real OpenXR
runtime with two hands: gestures and voice activity while somebody speaks, with speech, commands and
wake word off, and on. A record's latency is from its capture time to the C client, which looks
every 0.2 ms.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from figures import Figures, percentiles
from fixtures import pulse
from fixtures.daemon import Daemon
from processes import pss_mb, usage
from stage import Stage, until
from watch import NEW, Watch

from sensorium import folders

IDLE_S, SPEECH_S, SETTLE_S = 30.0, 28.0, 4.0
ON = tuple(f"senses.{name}.enabled=true" for name in ("speech", "command", "wake_word"))
CHANNELS = ("gesture_right", "voice_activity")


def main() -> None:
    """Measures and prints."""
    figures = Figures("The voice's cost", ("case", "what", "p50", "p99", "count"))
    _idle(figures)
    alone, beside = _latencies(()), _latencies(ON)
    for name in CHANNELS:
        for case, found in (("speech off", alone[name]), ("speech on", beside[name])):
            figures.row(
                case, f"{name}, capture to C, ms", found["p50"], found["p99"], int(found["count"])
            )
        figures.goal(
            f"{name}: p99 while speech is recognised over alone",
            beside[name]["p99"] / alone[name]["p99"], 1.5,
        )
    figures.show()


def _idle(figures: Figures) -> None:
    pulse.require()
    with tempfile.TemporaryDirectory() as folder, pulse.PulseServer() as server, Daemon(
        Path(folder), "voice", cache=folders.cache_dir(), environment=server.environment,
        arguments=["--set", 'sensors.microphone.device="pulse"'],
    ) as daemon:
        until(lambda: "wake_word" in daemon.status()["parts"], "the senses")
        assert daemon.process is not None
        pids = {"supervisor": daemon.process.pid, **daemon.children()}
        time.sleep(SETTLE_S)
        found = usage(pids, IDLE_S)
        for name, (percent, _) in found.items():
            figures.row("idle", f"{name}, % of a core", percent, "", "")
        total = sum(percent for percent, _ in found.values())
        figures.row("idle", "memory of all, MB (PSS)", sum(map(pss_mb, pids.values())), "", "")
    figures.goal("the voice path idle, % of one core", total, 5)


def _latencies(settings: tuple[str, ...]) -> dict[str, dict[str, float]]:
    with Stage(*settings) as stage, stage.clocked():
        stage.remote.send()
        with stage.daemon as daemon:
            wanted = "speech" if settings else "gesture"
            until(lambda: wanted in daemon.status()["parts"], "the senses")
            time.sleep(SETTLE_S)
            with stage.talking(), Watch(stage.folder, daemon.environment, *CHANNELS) as watch:
                time.sleep(SPEECH_S)
                notes = watch.notes()
    found = {}
    for name, all_notes in notes.items():
        fresh = all_notes[all_notes["status"] == NEW]
        took = (fresh["seen_ns"].astype(np.int64) - fresh["capture_ns"].astype(np.int64)) / 1e6
        found[name] = percentiles(took.tolist())
    return found


if __name__ == "__main__":
    main()
