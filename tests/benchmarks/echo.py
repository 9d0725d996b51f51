"""The game's own speech in the microphone: what is heard of it, and of the wearer over it.

    python tests/benchmarks/echo.py [--json FILE] [--clips N] [--quick]

The wearer's clips are recorded prompts of Debian's asterisk-core-sounds-en-g722; the game is
espeak-ng's voices, which speak without pause and give commands of the vocabulary, too. A simulated
room (noise that decays, a direct path) stands between loudspeaker and microphone. Echo is so loud
against the wearer; "drift" plays with clocks 200 ppm apart, whose times are 0.5 ms unsteady.

Voice activity finds the utterances, as in the daemon, and the recogniser hears each as a whole. An
utterance that overlaps a clip is the wearer's, all else is the game's; what it says in the first
6 s, while the filter learns, stands apart. Peer: WebRTC's echo canceller
in the package `livekit`, where that is installed; it is told the true delay.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jiwer
import numpy as np
import soxr
from figures import Figures
from fixtures import echoes, engines, speech
from fixtures.senses import BLOCK_NS, Desk
from scipy.signal import fftconvolve
from whisper_sides import names

from sensorium.channels.catalogue import CHANNELS
from sensorium.inference import store
from sensorium.perception.clean_audio import CleanAudio, CleanAudioOptions
from sensorium.perception.commands.words import plain
from sensorium.perception.recogniser import Recogniser
from sensorium.perception.sound import Sound
from sensorium.perception.utterances import Event
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.records.sensors import AUDIO_BLOCK
from sensorium_tools.evaluate.english_words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE_HZ = 16_000
PLAIN, CLEANED, PEER = "plain", "cleaned", "livekit"
COMMANDS = ("turn the lights off", "open the menu", "set the volume to ten", "go back now")
GAME = (
    "Enemies are coming over the bridge.", "Turn the lights off.", "You have found a golden key.",
    "Open the menu.", "The dragon sleeps behind the mountain.", "Set the volume to ten.",
    "Follow me to the castle before it gets dark.", "Go back now.",
)
LEAD_IN_S, PAUSE_S = 6.0, 2.5


@dataclass(frozen=True)
class Case:
    """What is played, and how it is heard: level in dB against the wearer, and so on."""

    level_db: float
    delay_ms: float = 20.0
    decay_ms: float = 30.0
    ppm: float = 0.0

    @property
    def name(self) -> str:
        """For the table."""
        drift = f", drift {self.ppm:+.0f} ppm" if self.ppm else ""
        return (
            f"echo {self.level_db:+.0f} dB, delay {self.delay_ms:.0f} ms, "
            f"room {self.decay_ms:.0f} ms{drift}"
        )


CASES = (
    Case(0.0), Case(-10.0), Case(-20.0), Case(10.0), Case(-10.0, delay_ms=-8.0),
    Case(-10.0, delay_ms=120.0), Case(-10.0, decay_ms=80.0), Case(-10.0, ppm=200.0),
    Case(-10.0, ppm=-200.0), Case(-10.0, delay_ms=400.0), Case(-10.0, delay_ms=-60.0),
)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=10, help="of the wearer")
    parser.add_argument("--quick", action="store_true", help="three cases only")
    options, _ = parser.parse_known_args()
    # No case may find the delay that one before it has kept: below this nothing can be.
    os.environ["SENSORIUM_DATA_DIR"] = os.path.join(os.devnull, "data")
    figures = Figures(
        "echo cancellation",
        ("case", "side", "wearer's errors", "game words", "false commands", "words in 6 s",
         "echo - dB", "CPU ms/s"),
    )
    for name in names("tiny-en"):
        engines.ensure_built(name)
    recogniser = Recogniser(*(store.load(name, threads=1) for name in names("tiny-en")))
    clips = wearer(options.clips)
    sides = [PLAIN, CLEANED] + ([PEER] if importlib.util.find_spec("livekit") else [])
    alone, places = timeline(clips)
    heard, _ = utterances(PLAIN, alone, np.zeros_like(alone), Case(0.0), recogniser)
    figures.row("no echo", PLAIN, f"{errors(clips, places, heard)[0]:.3f}", 0, 0, 0, "", "")
    for case in CASES[:: 3 if options.quick else 1]:
        game = looped(len(alone))
        echo = in_room(game, case) * np.float32(loudness(alone) / loudness(game))
        # As the microphone's gain would be set: nothing clips.
        gain = np.float32(min(1.0, 0.8 / np.abs(alone + echo).max()))
        row: dict[str, tuple[float, int, int, int]] = {}
        for side in sides:
            heard, cost = utterances(side, gain * (alone + echo), game, case, recogniser)
            row[side] = errors(clips, places, heard)
            removed = removal(side, gain * echo, game, case)
            figures.row(
                case.name, side, f"{row[side][0]:.3f}", *row[side][1:],
                f"{removed:.1f}", f"{cost:.1f}",
            )
        figures.goal(f"{case.name}: false commands, cleaned", row[CLEANED][2], 0)
        figures.goal(
            f"{case.name}: wearer's errors, cleaned above plain", row[CLEANED][0] - row[PLAIN][0], 0
        )
    figures.show()


def wearer(count: int) -> list[tuple[np.ndarray, str]]:
    """Recorded prompts of several words."""
    every = [
        (sound, " ".join(words(text))) for _, sound, text in speech.recorded()
        if 4 <= len(words(text)) <= 14 and text[0].isalpha()
    ]
    return every[:: max(1, len(every) // count)][:count]


def timeline(clips: list[tuple[np.ndarray, str]]) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """The wearer alone: whole blocks, and where each clip lies."""
    parts, places, at = [np.zeros(int(LEAD_IN_S * RATE_HZ), np.float32)], [], 0
    at = len(parts[0])
    for sound, _ in clips:
        places.append((at, at + len(sound)))
        parts += [sound.astype(np.float32), np.zeros(int(PAUSE_S * RATE_HZ), np.float32)]
        at += len(sound) + len(parts[-1])
    every = np.concatenate(parts)
    return every[: len(every) // AUDIO_BLOCK * AUDIO_BLOCK], places


def looped(length: int) -> np.ndarray:
    """The game's speech, without pause."""
    said = [speech.espeak(text) for text in GAME]
    return np.resize(np.concatenate(said), length).astype(np.float32)


def loudness(sound: np.ndarray) -> float:
    """Root mean square of what is not silence."""
    loud = sound[np.abs(sound) > 1e-3]
    return float(np.sqrt(np.mean(loud**2)))


def in_room(game: np.ndarray, case: Case) -> np.ndarray:
    """The game as the microphone hears it, as loud as the case says."""
    level = 10 ** (case.level_db / 20)
    rng = np.random.default_rng(1)
    length = int(RATE_HZ * case.decay_ms * 5e-3)
    response = rng.normal(0, 1, length) * np.exp(-np.arange(length) / (case.decay_ms * 16.0))
    response[0] = 3.0
    response *= level / np.sqrt(np.sum(response**2))
    shift = round(case.delay_ms * RATE_HZ / 1000)
    moved = np.concatenate([np.zeros(max(0, shift)), game[max(0, -shift) :]])
    moved = np.concatenate([moved, np.zeros(len(game))])[: len(game)]
    return fftconvolve(moved, response)[: len(game)].astype(np.float32)


def utterances(
    side: str, near: np.ndarray, game: np.ndarray, case: Case, recogniser: Recogniser
) -> tuple[list[tuple[int, int, str]], float]:
    """Each utterance's place and text, and the CPU time of the cleaning, ms for each second."""
    sound, cost = near, 0.0
    if side == PEER:
        begun = time.process_time()
        sound = by_peer(near, game, case)
        cost = (time.process_time() - begun) / len(near) * RATE_HZ * 1e3
    rig = Desk(_senses(side))
    heard: list[tuple[int, int, str]] = []
    done = 0
    for _ in played(rig, sound, game if side == CLEANED else None, case):
        newest = rig.rings.latest("utterance")
        for n in range(done + 1, newest + 1):
            told = rig.rings.at("utterance", n)
            if told is None or told.record["event"][0] != Event.END:
                continue
            one = told.record[0]
            piece = Sound(rig.perceiver.slots[0].rings).take(int(one["first"]), int(one["last"]))
            if piece is not None:
                text = " ".join(words(recogniser.hear(piece).text))
                heard.append((int(one["onset"]), int(one["offset"]), text))
        done = newest
    return heard, cost or (_cost(near, game, case) if side == CLEANED else 0.0)


def _senses(side: str) -> dict[type, object]:
    senses: dict[type, object] = {VoiceActivity: VoiceOptions()}
    if side == CLEANED:
        senses[CleanAudio] = CleanAudioOptions()
    return senses


def _cost(near: np.ndarray, game: np.ndarray, case: Case) -> float:
    """Of the sense alone, with the writing and reading of its records: on less that without it."""
    spent = []
    for senses in ({CleanAudio: CleanAudioOptions()}, {}):
        rig = Desk(senses)
        begun = time.process_time()
        for _ in played(rig, near, game, case):
            pass
        spent.append(time.process_time() - begun)
    return (spent[0] - spent[1]) / len(near) * RATE_HZ * 1e3


def played(
    rig: Desk, near: np.ndarray, game: np.ndarray | None, case: Case
) -> Iterator[None]:
    """Plays both, each block when its own clock says so; stops after each to be looked at."""
    rng = np.random.default_rng(2)
    start_ns = rig.clock()
    events = [(0.0, "audio", n) for n in range(len(near) // AUDIO_BLOCK)]
    rate = 1 + case.ppm * 1e-6
    events = [((n + 1) * BLOCK_NS, "audio", n) for _, _, n in events]
    other = np.zeros(0, np.float32)
    if game is not None:
        other = soxr.resample(game, RATE_HZ, RATE_HZ * rate) if case.ppm else game
        # A quarter of a block apart: two devices' blocks end at different times.
        events += [
            ((n + 1.25) * BLOCK_NS / rate, "output_audio", n)
            for n in range(len(other) // AUDIO_BLOCK)
        ]
        shift = AUDIO_BLOCK // 4
        other = np.concatenate([other[shift:], np.zeros(shift, np.float32)])
    jitter = 0.5e6 if case.ppm else 0.0
    for at_ns, channel, n in sorted(events):
        record = CHANNELS[channel].record.zeros()
        record["first_sample"], record["session"] = n * AUDIO_BLOCK, 1
        source = near if channel == "audio" else other
        record["samples"][0] = source[n * AUDIO_BLOCK : (n + 1) * AUDIO_BLOCK]
        now = start_ns + int(at_ns)
        rig.clock.set(now)
        rig.publish(channel, record, now + int(rng.normal(0, jitter)))
        rig.drain()
        yield


def by_peer(near: np.ndarray, game: np.ndarray, case: Case) -> np.ndarray:
    """WebRTC's echo canceller, 10 ms at a time."""
    from livekit.rtc import AudioFrame, AudioProcessingModule

    module = AudioProcessingModule(echo_cancellation=True)
    frame = RATE_HZ // 100
    rate = 1 + case.ppm * 1e-6
    other = soxr.resample(game, RATE_HZ, RATE_HZ * rate) if case.ppm else game
    out = []

    def framed(sound: np.ndarray, at: int) -> AudioFrame:
        part = np.zeros(frame, np.int16)
        piece = np.rint(np.clip(sound[at : at + frame], -1, 1) * 32767).astype(np.int16)
        part[: len(piece)] = piece
        return AudioFrame(bytearray(part.tobytes()), RATE_HZ, 1, frame)

    for at in range(0, len(near), frame):
        module.process_reverse_stream(framed(other, at))
        module.set_stream_delay_ms(max(0, round(case.delay_ms)))
        heard = framed(near, at)
        module.process_stream(heard)
        out.append(np.frombuffer(bytes(heard.data), np.int16).astype(np.float32) / 32767)
    return np.concatenate(out)[: len(near)].astype(np.float32)


def removal(side: str, echo: np.ndarray, game: np.ndarray, case: Case) -> float:
    """How much quieter the game is when nobody speaks, dB over 8 s after 20 s of learning."""
    first, last = (s * RATE_HZ // AUDIO_BLOCK * AUDIO_BLOCK for s in (20, 28))
    near = echo[:last]
    if side == PLAIN:
        return 0.0
    if side == PEER:
        left = by_peer(near, game[:last], case)
    else:
        rig = Desk({CleanAudio: CleanAudioOptions()})
        for _ in played(rig, near, game[: last + RATE_HZ], case):
            pass
        left = echoes.sound_of(echoes.cleaned(rig))
    last = min(last, len(left))
    return echoes.fallen_db(near[first:last], left[first:last] + 1e-9)


def errors(
    clips: list[tuple[np.ndarray, str]], places: list[tuple[int, int]],
    heard: list[tuple[int, int, str]],
) -> tuple[float, int, int, int]:
    """The wearer's word error rate; the game's words, commands that it gave, its words at first."""
    texts = [""] * len(clips)
    game = false = learning = 0
    for onset, offset, text in heard:
        mine = [
            at for at, (first, last) in enumerate(places)
            if min(last, offset) - max(first, onset) > RATE_HZ // 10
        ]
        if offset < LEAD_IN_S * RATE_HZ:
            learning += len(text.split())
            continue
        if mine:
            texts[mine[0]] = f"{texts[mine[0]]} {text}".strip()
        else:
            game += len(text.split())
        false += sum(" ".join(plain(text)).count(" ".join(plain(one))) for one in COMMANDS)
    return float(jiwer.wer([text for _, text in clips], texts)), game, false, learning


if __name__ == "__main__":
    main()
