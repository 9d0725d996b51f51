"""From the voice to onset, text and command in the C client, and what voice costs beside it.

    python tests/benchmarks/voice_latency.py [--clips 60] [--pause 1.2] [--json FILE]

The real daemon on a real sound server (PulseAudio, a virtual microphone that moves in steps of
10 ms). Clips of 1 to 4 s, recorded and synthesised, are played one by one, and found again in the
captured sound by correlation, so that the true begin and end of each are known to the sample: the
first and last 10 ms that are within 30 dB of its loud parts. All times are on the sound's own
clock (capture times); "visible" is when the C client, which looks every millisecond, had it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from figures import Figures
from fixtures import engines, pulse
from fixtures import speech as voices
from fixtures.daemon import Daemon
from fixtures.follower import Follower
from fixtures.voice_reader import Heard, VoiceReader
from scipy.signal import correlate

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.cursor import Cursor
from sensorium.sensors.resampler import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sensorium.channels.region import Region

RATE = voices.RATE_HZ
CONFIG = """
[sensors.microphone]
device = "pulse"
[senses.voice_activity]
[senses.speech]
[senses.command]
"""
APP = "benchmark"
COMMANDS = (
    "Open the menu.", "Put that on the table.", "Turn the music down, please.",
    "Set the volume to twenty five.", "Show me the map of this level.",
    "Take a picture of the room.", "Go back to the last place.", "Delete the red box over there.",
    "What time is it now?", "Start a new game with my friends.",
)
PAUSE_S = 1.2
BEGIN, END, FINAL = "1", "4", "1"


@dataclass
class Clip:
    """What was played: its text, its sound at 16 kHz, where its speech begins and ends in it."""

    text: str
    sound: NDArray[np.float32]
    begin: int
    end: int


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=60, help="how many; default: 60")
    parser.add_argument(
        "--pause", type=float, default=PAUSE_S,
        help=f"seconds of silence behind each; default: {PAUSE_S}; from 2 on sound comes in "
        "larger pieces when the next one begins",
    )
    options, _ = parser.parse_known_args()
    for name in ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder", "minilm"):
        engines.ensure_built(name)
    clips = [made for made, _ in zip(_clips(), range(options.clips), strict=False)]
    with tempfile.TemporaryDirectory() as folder:
        placed, events, delivery = _play(Path(folder), clips, options.pause)
    _report(clips, placed, events, delivery)


def _clips() -> Iterator[Clip]:
    """Recorded prompts of the right length, then commands of a synthesiser, in turn."""
    recorded = [
        (sound, text) for _, sound, text in voices.recorded()
        if RATE < len(sound) < 4 * RATE and text[0].isalpha()
    ]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(recorded))
    for at in range(200):
        if at % 2 == 0 and at // 2 < len(order):
            sound, text = recorded[order[at // 2]]
        else:
            text = COMMANDS[at // 2 % len(COMMANDS)]
            sound = voices.espeak(text)
        sound = (sound * (0.4 / np.abs(sound).max())).astype(np.float32)
        level = np.sqrt((sound[: len(sound) // 160 * 160].reshape(-1, 160) ** 2).mean(1) + 1e-12)
        loud = np.flatnonzero(20 * np.log10(level / np.percentile(level, 95)) > -30)
        yield Clip(text, sound, int(loud[0]) * 160, int(loud[-1] + 1) * 160)


class Recorder(Follower):
    """Keeps every block of the daemon's `audio`, and when each was delivered."""

    def __init__(self, region: Region) -> None:
        super().__init__(Cursor(region, "audio"))
        self.blocks: list[NDArray[np.float32]] = []
        self.ends: list[int] = []
        self.delivery_ms: list[float] = []

    def take(self, cursor: Cursor) -> None:
        """See `Follower.take`."""
        sample = cursor.sample
        if sample.valid:
            self.blocks.append(sample.view(CHANNELS["audio"].record)["samples"][0].copy())
            self.ends.append(sample.capture_ns)
            self.delivery_ms.append((sample.publish_ns - sample.capture_ns) / 1e6)

    def time_ns(self, sample: int) -> int:
        """Capture time of a sample of all blocks in a row."""
        left = 512 - sample % 512
        return self.ends[sample // 512] - left * 1_000_000_000 // RATE


def _play(
    folder: Path, clips: list[Clip], pause_s: float
) -> tuple[list[tuple[int, int]], list[Heard], list[float]]:
    """True begin and end of each clip by capture time, all events, delivery of the sound."""
    pulse.require()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(pulse.PulseServer())
        vocabularies = folder / "config" / "vocabularies"
        vocabularies.mkdir(parents=True)
        (vocabularies / "benchmark.toml").write_text(_vocabulary())
        daemon = stack.enter_context(Daemon(folder, CONFIG, environment=server.environment))
        with daemon.client() as client:
            for app in (APP, "tests"):
                client.request("grant", action="allow", app=app, classes="audio,transcript")
        client = stack.enter_context(daemon.client())
        region, _ = client.open("audio")
        clock = subprocess.Popen(
            ["pacat", "--device=vmic", "--raw", "--rate=48000", "--channels=1", "--format=s16le",
             "--latency-msec=10", "/dev/zero"], env=os.environ | server.environment,
        )
        stack.callback(clock.wait)
        stack.callback(clock.terminate)
        reader = stack.enter_context(VoiceReader(
            folder, daemon.environment, APP, "utterance", "transcript", "command"
        ))
        recorder = stack.enter_context(Recorder(region))
        time.sleep(4.0)
        begun = []
        for number, clip in enumerate(clips):
            wide = Resampler(RATE, pulse.RATE).process(clip.sound)
            begun.append(len(recorder.blocks) * 512)
            server.play(pulse.write_wav(folder / f"{number}.wav", wide)).wait()
            time.sleep(pause_s)
        time.sleep(2.0)
        heard = np.concatenate(recorder.blocks)
        placed = []
        for clip, start in zip(clips, begun, strict=True):
            piece = heard[start : start + len(clip.sound) + 4 * RATE]
            at = start + int(np.argmax(correlate(piece, clip.sound, "valid", "fft")))
            placed.append((recorder.time_ns(at + clip.begin), recorder.time_ns(at + clip.end)))
        return placed, list(reader.events), recorder.delivery_ms


def _vocabulary() -> str:
    commands = "".join(
        f'\n[[commands]]\nname = "c{at}"\nphrases = ["{text.strip(".?").lower()}"]\n'
        for at, text in enumerate(COMMANDS)
    )
    return f'app = "{APP}"\nname = "benchmark"\ngate = "always"\n{commands}'


def _report(
    clips: list[Clip], placed: list[tuple[int, int]], events: list[Heard], delivery: list[float]
) -> None:
    figures = Figures("Voice to text and command", ("what", "p50 ms", "p95 ms", "max ms", "count"))
    onset, seen, ending, first, final, command = ([] for _ in range(6))
    missed = 0
    for begin, end in placed:
        mine = [e for e in events if begin - 5e8 < e.capture_ns < end + 2e9]
        begins = [e for e in mine if e.channel == "utterance" and e.fields[1] == BEGIN]
        ends = [e for e in mine if e.channel == "utterance" and e.fields[1] == END]
        if not begins or not ends:
            missed += 1
            continue
        onset.append((begins[0].capture_ns - begin) / 1e6)
        seen.append((begins[0].seen_ns - begin) / 1e6)
        ending.append((ends[-1].capture_ns - end) / 1e6)
        texts = [e for e in events if e.channel == "transcript"]
        ids = {e.fields[0] for e in ends}
        partial = [e for e in texts if e.fields[0] in ids and e.fields[1] != FINAL]
        if partial:
            first.append((partial[0].seen_ns - begin) / 1e6)
        for told in ends:
            done = [e for e in texts if e.fields[0] == told.fields[0] and e.fields[1] == FINAL]
            final += [(e.seen_ns - told.seen_ns) / 1e6 for e in done]
            for one in done:
                command += [
                    (e.publish_ns - one.publish_ns) / 1e6 for e in events
                    if e.channel == "command" and e.fields[0] == told.fields[0]
                ]
    for what, values in (
        ("true onset -> decided, in the sound", onset),
        ("true onset -> visible in C", seen),
        ("  of it: end of a block -> delivered by the sound server and capture", delivery),
        ("true end -> end decided, in the sound", ending),
        ("true onset -> first partial text in C", first),
        ("end decided -> final text, both in C", final),
        ("final text -> command, published", command),
    ):
        found = np.percentile(values, (50, 95, 100)) if values else (np.nan,) * 3
        figures.row(what, *(float(one) for one in found), len(values))
    figures.row("clips without an utterance", "", "", "", missed)
    figures.goal("onset decided, ms, p95", float(np.percentile(onset, 95)), 96)
    figures.goal("onset visible, ms, p95", float(np.percentile(seen, 95)), 150)
    figures.goal("end decided, ms, p50", float(np.percentile(ending, 50)), 400)
    figures.goal("first partial, ms, p50", float(np.percentile(first, 50)), 500)
    figures.goal("final text, ms, p50", float(np.percentile(final, 50)), 150)
    figures.goal("final text, ms, p95", float(np.percentile(final, 95)), 250)
    if command:
        figures.goal("command, ms, p95", float(np.percentile(command, 95)), 20)
    figures.show()


if __name__ == "__main__":
    main()
