"""From the end of a block of sound to the voice activity that an app reads.

    python tests/benchmarks/sound_latency.py [--json FILE]

The real daemon with the shipped default configuration on a real sound server (PulseAudio, a
virtual microphone that moves in steps of 10 ms, as a sound card may) and a real OpenXR runtime with
two hands: both senses work. The C client looks every 0.2 ms.

First with speech: each block's end by the daemon's own account (the record's capture time) until
the record made from it is seen. Then with bursts of noise, to check that account from outside: a
peer, PulseAudio's own recorder with the least latency, says when it had a burst's first sample;
the block that holds it ends up to 32 ms later. So burst to loudness in the C client, less 32 ms,
is at most what the daemon adds after the end of a block, the peer's own delay left out.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
from figures import Figures, percentiles
from fixtures import pulse
from stage import Stage, until
from watch import NEW, Watch

from sensorium.clock import now_ns

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SPEECH_S = 25.0
BURSTS, BURST_S, PAUSE_S = 60, 0.1, 0.37
BLOCK_MS = 32.0
LOUD = 0.1
LOUD_DBFS = -40.0
CHANNEL = "voice_activity"


def main() -> None:
    """Measures and prints."""
    figures = Figures(
        "Sound to voice activity", ("what", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "count")
    )
    with Stage() as stage, stage.clocked():
        stage.remote.send()
        with stage.daemon as daemon:
            until(lambda: "gesture" in daemon.status()["parts"], "the senses")
            time.sleep(3.0)
            with stage.talking(), Watch(stage.folder, daemon.environment, CHANNEL) as watch:
                time.sleep(SPEECH_S)
                spoken = watch.notes()[CHANNEL]
            time.sleep(1.0)
            with Watch(stage.folder, daemon.environment, CHANNEL) as watch:
                heard = _bursts(stage)
                burst = watch.notes()[CHANNEL]
    _speech(figures, spoken)
    _outside(figures, heard, burst)
    figures.show()


def _speech(figures: Figures, notes: NDArray[np.void]) -> None:
    notes = notes[notes["status"] == NEW]
    took = (notes["seen_ns"] - notes["capture_ns"]) / 1e6
    _row(figures, "end of block -> voice activity in the C client", took)
    made = (notes["publish_ns"] - notes["capture_ns"]) / 1e6
    _row(figures, "  of it: end of block -> published", made)
    figures.goal(
        "end of block -> voice activity, ms, p99", percentiles(took.tolist())["p99"], 20
    )
    onsets = int(notes["count"][-1] - notes["count"][0])
    figures.row("onsets of speech", onsets, "", "", "", len(notes))


def _outside(figures: Figures, heard: list[int], notes: NDArray[np.void]) -> None:
    loud = notes["score"] > LOUD_DBFS
    seen = notes["seen_ns"][1:][loud[1:] & ~loud[:-1]]
    took = []
    for sample_ns in heard:
        after = seen[seen > sample_ns]
        if len(after) and after[0] - sample_ns < PAUSE_S * 1e9:
            took.append((int(after[0]) - sample_ns) / 1e6 - BLOCK_MS)
    _row(figures, "peer has burst + 32 ms -> loudness in the C client", np.array(took))
    figures.goal("peer has burst + 32 ms -> loudness, ms, max", max(took), 20)


def _bursts(stage: Stage) -> list[int]:
    """When the peer had the first sample of each burst."""
    quiet = np.zeros(round(PAUSE_S * pulse.RATE))
    noise = np.random.default_rng(1).uniform(-0.8, 0.8, round(BURST_S * pulse.RATE))
    sound = np.concatenate([quiet, *[np.concatenate([noise, quiet])] * BURSTS])
    path = pulse.write_wav(stage.folder / "bursts.wav", sound)
    environment = os.environ | stage.sound.environment
    recorder = subprocess.Popen(
        ["parec", "--device=vmic.monitor", "--raw", "--format=float32le", "--channels=1",
         f"--rate={pulse.RATE}", "--latency-msec=2"],
        env=environment, stdout=subprocess.PIPE,
    )
    heard: list[int] = []
    listener = threading.Thread(target=_listen, args=(recorder, heard))
    listener.start()
    time.sleep(1.0)
    _play(path, environment)
    recorder.terminate()
    listener.join()
    recorder.wait()
    return heard


def _play(path: Path, environment: dict[str, str]) -> None:
    subprocess.run(["paplay", "--device=vmic", path], env=environment, check=True)
    time.sleep(0.5)


def _listen(recorder: subprocess.Popen[bytes], heard: list[int]) -> None:
    assert recorder.stdout
    quiet_since = now_ns()
    with recorder.stdout as stream:
        while data := stream.read1(65536):
            now = now_ns()
            loud = np.flatnonzero(np.abs(np.frombuffer(data[: len(data) // 4 * 4], "<f4")) > LOUD)
            if not len(loud):
                continue
            first_ns = now - (len(data) // 4 - int(loud[0])) * 1_000_000_000 // pulse.RATE
            if first_ns - quiet_since > PAUSE_S / 2 * 1e9:
                heard.append(first_ns)
            quiet_since = now


def _row(figures: Figures, what: str, values: NDArray[np.float64]) -> None:
    found = percentiles(values.tolist())
    figures.row(
        what, found["p50"], found["p99"], found["p99.9"], found["max"], int(found["count"])
    )


if __name__ == "__main__":
    main()
