"""How often the mouth's shape is right, how late it is, and what it costs.

Sounds: voices and sentences of espeak-ng and flite that were kept out of training; festival, a
synthesiser that was; and a recorded woman (asterisk-core-sounds-en-g722), whose phonemes
pocketsphinx aligned to her words in frames of 10 ms, which is an estimate too.

Peers, on the same frames: the mouth that opens with the loudness, as games have it, with the
threshold that suits it best on each kind of sound; and pocketsphinx's phoneme recogniser, which
hears the whole sound first, and whose acoustic model is the one that aligned the recorded woman.
No library for lip-sync was found among Python's packages that carries weights.

    python tests/benchmarks/viseme.py [--json FILE]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from figures import Figures

from sensorium import records
from sensorium.errors import EngineError
from sensorium.health import Reason
from sensorium.perception.sense import Sample
from sensorium.perception.viseme import Viseme, VisemeOptions
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.records.voice import VISEME_FRAMES, VISEMES
from sensorium_tools.evaluate.viseme import confusion
from sensorium_tools.progress import Progress
from sensorium_tools.samples import loading, mouth_shapes, segment_programs
from sensorium_tools.samples.phoneme_times import Segment

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fixtures import aligned, engines, senses

RATE, BLOCK = 16_000, 512
STEP_S = 0.008
START_NS = 1_000_000_000
HUMAN, SENTENCES = 120, 24
"""Recorded prompts; sentences of festival's other voice."""
SHOWN = ("festival", "recorded woman")
"""Of these the confusions are printed, and the phoneme recogniser is asked."""
LIMITS = {"from": 150.0, "its": 30.0, "cost": 20.0}
"""By the first word of a figure."""
BROAD = {
    "shut": ("sil", "PP"), "lip on teeth": ("FF",), "open": ("aa", "E"), "round": ("oh", "ou"),
    "narrow": ("TH", "DD", "kk", "CH", "SS", "nn", "RR", "ih"),
}
_BROAD = np.array([
    next(at for at, names in enumerate(BROAD.values()) if name in names) for name in VISEMES
])
SIL, AA = VISEMES.index("sil"), VISEMES.index("aa")
LONG_S = 0.06
"""Delays are those of shapes that last this long."""


def main() -> None:
    """Measures and prints."""
    engine, voice = engines.load("viseme"), engines.load("silero-vad")
    figures = Figures(
        "visemes: share of frames that are right, by sounds and by what moves the mouth",
        ("sounds", "mouth", "seconds", "15 visemes", "speaking", "5 broad", "voice or sil", "PP",
         "aa"),
    )
    delays, costs = [], []
    for kind, sounds in _sounds().items():
        told, truth, times_of = [], [], []
        for sound, shown in sounds:
            weights, times, known, cost = _sense(engine, voice, sound)
            told.append(weights.argmax(1))
            truth.append(mouth_shapes.at(shown, times))
            times_of.append(times)
            costs.append(1e3 * cost / (len(sound) / RATE))
            delays += _delays(shown, told[-1], times, known)
        y = np.concatenate(truth)
        table, ours = _row(figures, kind, "sensorium", np.concatenate(told), y)
        peer = _row(figures, kind, "loudness", _loudness(sounds, y, times_of), y)[1]
        if kind in SHOWN:
            _row(figures, kind, "pocketsphinx", _recognised(sounds, times_of), y)
            _show_confusion(kind, table)
        figures.goal(
            f"{kind}: broad shapes over the loudness mouth's", float(ours[2] / peer[2]), 1.0,
            at_most=False,
        )
    told_ms, error_ms = zip(*delays, strict=True)
    for name, values in (("from a shape's true begin to a record that shows it, ms", told_ms),
                         ("its frame's time less the true begin, ms", error_ms),
                         ("cost of a second of sound, ms", costs)):
        p50, p95 = _spread(values)
        sys.stdout.write(f"{name}: p50 {p50:.2f}, p95 {p95:.2f}, n {len(values)}\n")
        figures.goal(f"{name}, p50", p50, LIMITS[name.split()[0]])
    figures.show()


def _sounds():
    """Kind to a list of (sound, timeline)."""
    kinds = {}
    for sample in loading.load("visemes", "evaluation", Progress()):
        name = sample.truth["speaker"].split("/")[0]
        kind = name if name == "festival" else f"{name}, other voices"
        shown = [mouth_shapes.Shown(a, b, int(v)) for a, b, v in sample.truth["visemes"].tolist()]
        kinds.setdefault(kind, []).append((sample.data, shown))
    try:
        lines = (Path(loading.find("visemes").folder) / "evaluation.txt").read_text().splitlines()
        kinds["festival, HTS voice"] = [
            (spoken.sound * np.float32(0.5 / np.abs(spoken.sound).max()),
             mouth_shapes.timeline(spoken.segments))
            for spoken in (
                segment_programs.festival("cmu_us_slt_arctic_hts", 160, 50, text)
                for text in lines[:SENTENCES]
            )
        ]
    except EngineError as error:
        sys.stderr.write(f"festival's HTS voice is left out: {error}\n")
    people = aligned.prompts(HUMAN)
    if people:
        kinds["recorded woman"] = [
            (sound, mouth_shapes.timeline(segments)) for _, sound, segments in people
        ]
    return kinds


class _Newest:
    """Rings that hold one record: what voice activity said last."""

    newest = None

    def latest(self, _channel):
        return int(self.newest is not None)

    def at(self, _channel, n, _generation=None):
        return self.newest if n else None

    def generation(self, _channel):
        return 1


def _sense(engine, voice, sound):
    """Weights of every frame, their times, when each was told (s), and the seconds it took."""
    rings = _Newest()
    speech = senses.Player(
        VoiceActivity(VoiceOptions(), {"silero-vad": voice}, senses.no_rings()).streams()[0]
    )
    mouth = senses.Player(Viseme(VisemeOptions(), {"viseme": engine}, rings).streams()[0])
    whole = np.pad(sound, (0, 3 * BLOCK))
    took = 0.0
    for start in range(0, len(whole) - BLOCK + 1, BLOCK):
        record = records.AUDIO.zeros()
        record["first_sample"], record["session"] = start, 1
        record["samples"] = whole[start : start + BLOCK]
        end_ns = START_NS + (start + BLOCK) * 1_000_000_000 // RATE
        speech.valid(record, end_ns)
        said = speech.of("voice_activity")[-1]
        rings.newest = Sample(said.record, said.capture_ns, True, Reason.NONE, 1)
        begun = time.perf_counter()
        mouth.valid(record, end_ns)
        took += time.perf_counter() - begun
    weights = [item.record["frames"][0].reshape(VISEME_FRAMES, -1) for item in mouth.said]
    first = np.array([item["first_ns"] - START_NS for item in mouth.said]) / 1e9
    known = np.array([item.capture_ns - START_NS for item in mouth.said]) / 1e9
    times = first[:, None] + STEP_S * np.arange(VISEME_FRAMES)
    # What lies before the sound or behind it is nobody's.
    within = (times.ravel() >= 0) & (times.ravel() < len(sound) / RATE)
    return (
        np.concatenate(weights)[within], times.ravel()[within],
        np.repeat(known, VISEME_FRAMES)[within], took,
    )


def _delays(shown, told, times, known):
    """(until a record shows it, error of its frame's time) in ms, of each long shape."""
    found = []
    for begin, end, viseme in shown:
        if end - begin < LONG_S or viseme == SIL:
            continue
        near = np.flatnonzero((times >= begin - 0.04) & (times < end) & (told == viseme))
        if len(near):
            found.append((1e3 * (known[near[0]] - begin), 1e3 * (times[near[0]] - begin)))
    return found


def _loudness(sounds, truth_of, times_of):
    """The mouth that opens with the loudness, with the threshold that is right most often."""
    levels = []
    for (sound, _), times in zip(sounds, times_of, strict=True):
        power = np.convolve(sound.astype(np.float64) ** 2, np.full(320, 1 / 320), "same")
        level = 10 * np.log10(power[(times * RATE).astype(int)] + 1e-10)
        levels.append(level - level.max())
    below = np.concatenate(levels)
    options = [np.where(below < bound, SIL, AA) for bound in range(-50, -9, 5)]
    return max(options, key=lambda told: np.mean(told == truth_of))


def _recognised(sounds, times_of):
    """pocketsphinx's phonemes of each sound, as visemes."""
    import pocketsphinx

    decoder = pocketsphinx.Decoder(
        allphone=pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin"), lm=None, lw=2.0,
        beam=1e-20, pbeam=1e-20, loglevel="FATAL",
    )
    told = []
    for (sound, _), times in zip(sounds, times_of, strict=True):
        decoder.start_utt()
        decoder.process_raw((np.clip(sound, -1, 1) * 32767).astype(np.int16).tobytes(),
                            full_utt=True)
        decoder.end_utt()
        segments = [
            Segment(one.start_frame * aligned.FRAME_S, (one.end_frame + 1) * aligned.FRAME_S,
                    segment_programs.CMU_IPA.get(one.word.lower().strip("+"), ""))
            for one in decoder.seg()
        ]
        told.append(mouth_shapes.at(mouth_shapes.timeline(segments), times))
    return np.concatenate(told)


def _row(figures, kind, mouth, told, truth):
    """Adds a row; returns its confusion, and its figures."""
    table = confusion(truth, told)
    recall = np.diag(table) / np.maximum(table.sum(1), 1)
    shares = (
        np.trace(table) / table.sum(),
        np.trace(table[1:, 1:]) / table[1:].sum(),
        np.mean(_BROAD[told] == _BROAD[truth]),
        np.mean((told == SIL) == (truth == SIL)),
        recall[VISEMES.index("PP")], recall[AA],
    )
    figures.row(kind, mouth, round(len(truth) * STEP_S), *(float(share) for share in shares))
    return table, shares


def _spread(values):
    return tuple(float(np.percentile(values, share)) for share in (50, 95))


def _show_confusion(kind, table):
    """Percent of each true viseme (row) that is shown as each (column)."""
    shares = np.rint(100 * table / np.maximum(table.sum(1, keepdims=True), 1)).astype(int)
    lines = ["      " + "".join(f"{name:>5}" for name in VISEMES)]
    lines += [
        f"{name:>5} " + "".join(f"{share:5d}" for share in row)
        for name, row in zip(VISEMES, shares.tolist(), strict=True)
    ]
    sys.stdout.write(f"{kind}: percent of each true viseme (row) shown as each (column)\n"
                     + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
