"""Plain measures of each utterance: how loud, how high, how fast. They say nothing of a mood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium import records
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import ended
from sensorium.perception.pitch import RATE_HZ, STEP, WINDOW, pitch
from sensorium.perception.syllables import intensity, nuclei, threshold
from sensorium.perception.voice_activity import SILENCE_DBFS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample

LOW, HIGH = 10.0, 90.0
"""Percentiles of the pitch that are told."""
MEASURED_S = 15.0
"""Of an utterance, at most: other senses wait meanwhile."""
FEWEST_VOICED = 3
"""Frames that must have a pitch, 30 ms, before one is told."""

_NAN = float("nan")


class Measures(NamedTuple):
    """What is measured of a sound; the fields are those of the record `voice_measures`."""

    loudness: float
    peak: float
    pitch: float
    pitch_low: float
    pitch_high: float
    voiced: float
    tempo: float
    seconds: float


def measure(sound: NDArray[np.float32]) -> Measures:
    """Measures speech.

    Args:
        sound: [samples], mono, 16 kHz, finite, -1..1, from the first to the last of speech.

    Returns:
        loudness: Root mean square of the frames that are at most 25 dB softer than the loudest.
        tempo: Syllable nuclei in a second of the whole sound, its pauses included.
        NaN where nothing was found; the loudnesses are -120 dBFS at least.
    """
    seconds = len(sound) / RATE_HZ
    sound = sound - np.float32(np.mean(sound)) if len(sound) else sound
    peak = float(np.abs(sound).max(initial=0.0))
    if len(sound) < WINDOW or _dbfs(peak * peak) <= SILENCE_DBFS:
        return Measures(SILENCE_DBFS, _dbfs(peak * peak), _NAN, _NAN, _NAN, 0.0, _NAN, seconds)
    levels = intensity(sound)
    speech = levels[levels >= threshold(levels)]
    hz = pitch(sound)
    voiced = ~np.isnan(hz)
    known = hz[voiced] if voiced.sum() >= FEWEST_VOICED else np.full(1, np.nan)
    low, middle, high = (float(np.percentile(known, share)) for share in (LOW, 50.0, HIGH))
    found = nuclei(levels, _at_levels(voiced, len(levels)))
    return Measures(
        _dbfs(float(np.mean(10 ** (speech / 10)))), _dbfs(peak * peak), middle, low, high,
        float(np.mean(voiced)), len(found) / seconds if found else _NAN, seconds,
    )


def _at_levels(voiced: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Whether there is a pitch where each level was taken: a pitch frame lies half a window on."""
    places = np.arange(count) - WINDOW // 2 // STEP
    at: NDArray[np.bool_] = voiced[np.clip(places, 0, len(voiced) - 1)]
    return at


def _dbfs(power: float) -> float:
    return max(10.0 * math.log10(power), SILENCE_DBFS) if power > 0.0 else SILENCE_DBFS


@dataclass(frozen=True)
class MeasuresOptions:
    """It has none."""


class VoiceMeasures:
    """The sense; see `perception.sense.Sense`."""

    Options = MeasuresOptions
    ENGINES = ()
    READS = ("utterance", "audio", "voice_measures")
    WRITES = ("voice_measures",)
    TEMPO = Tempo(Slowing.DEFERRED, 30, 8000)

    def __init__(
        self, options: MeasuresOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._rings = rings

    def streams(self) -> tuple[MeasuresStream, ...]:
        """See `Sense.streams`: one, the microphone's."""
        return (MeasuresStream(self._rings),)


class MeasuresStream:
    """Measures each utterance that has ended, once."""

    trigger = "utterance"
    outputs = VoiceMeasures.WRITES

    def __init__(self, rings: Rings) -> None:
        self._rings = rings
        self._record = records.VOICE_MEASURES.zeros()

    def resume(self, rings: Rings) -> int | None:
        """See `Stream`: behind the utterance that was measured last."""
        return ended.resume(rings, "voice_measures")

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one record of the channel `utterance`: see `Stream.process`."""
        spoken = ended.spoken(sample, self._rings)
        if spoken is None:
            return
        record = self._record[0]
        for name in ("utterance", "start_ns", "end_ns"):
            record[name] = spoken.record[name]
        speech = np.empty(0, np.float32)
        if spoken.sound is not None:
            last = min(spoken.last, spoken.first + int(MEASURED_S * RATE_HZ))
            speech = spoken.sound[spoken.first : last]
        for name, value in measure(speech)._asdict().items():
            record[name] = value
        publish("voice_measures", self._record, sample.capture_ns)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: nothing spans two utterances."""
