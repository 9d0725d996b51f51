"""The microphone's sound without the game's: what every other sense that listens is given.

Each record of `audio` is written to `clean_audio` once, with the same number, time and validity, so
a sample index means the same sound in both. While nothing is played, or nothing of it is captured,
the sound is passed on as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.errors import SensorError
from sensorium.inference.governor.tempo import Slowing, Tempo
from sensorium.perception import known_delays
from sensorium.perception.echo_canceller import load
from sensorium.perception.known_delays import KnownDelays
from sensorium.perception.near_end import FarStream, NearStream
from sensorium.perception.noise_suppression import LEAST_DB, NO_LIMIT_DB, NoiseSuppression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.engine import Engine
    from sensorium.perception.near_end import Step
    from sensorium.perception.sense import Rings


AUTO = "auto"


@dataclass(frozen=True)
class CleanAudioOptions:
    """How the sound is cleaned."""

    tail_ms: int = field(
        default=256,
        metadata={
            "doc": "How long a sound may still be heard from the beginning of its way to the "
            "microphone on: the room.",
            "min": 64,
            "max": 1000,
        },
    )
    delay_ms: int | str = field(
        default=AUTO,
        metadata={
            "doc": "It is heard no sooner than this after it was captured; below 0 the sound waits "
            "as long. \"auto\": found by itself, -100 to 1000 ms.",
            "min": -100,
            "max": 1000,
        },
    )
    noise: str = field(
        default="",
        metadata={
            "doc": "The engine that turns noise down, as \"gtcrn\"; empty: none. Every sense that "
            "listens hears the result, 16 ms later than its index says, and recognises fewer words "
            "of it: see engines/gtcrn/README.md. It is for apps that send the sound on.",
        },
    )
    noise_limit_db: float = field(
        default=NO_LIMIT_DB,
        metadata={
            "doc": "By how much noise is turned down at most; 60: no limit. About 6 leaves the "
            "words as they are.",
            "min": LEAST_DB,
            "max": NO_LIMIT_DB,
        },
    )

    def __post_init__(self) -> None:
        """Refuses a text that is not "auto"."""
        if isinstance(self.delay_ms, str) and self.delay_ms != AUTO:
            raise ValueError(f'delay_ms is a whole number of milliseconds or "{AUTO}"')


class CleanAudio:
    """The sense; see `perception.sense.Sense`."""

    Options = CleanAudioOptions
    ENGINES = ()
    READS = ("audio", "output_audio")
    WRITES = ("clean_audio",)
    TEMPO = Tempo(Slowing.NEVER, 100, 0)
    """All that hears is made of it."""

    def __init__(
        self, options: CleanAudioOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        missing = ""
        library = None
        try:
            library = load()
        except SensorError as error:
            missing = f"{error.message}: {error.remedy}"
        steps: list[Step] = []
        if options.noise:
            steps.append(NoiseSuppression(engines[options.noise], options.noise_limit_db))
        delay_ms = options.delay_ms if isinstance(options.delay_ms, int) else None
        lasting = delay_ms is None and rings.live
        known = KnownDelays(known_delays.place() if lasting else None)
        self._near = NearStream(options.tail_ms, delay_ms, library, missing, known, steps, rings)

    @staticmethod
    def engines(options: CleanAudioOptions) -> tuple[str, ...]:
        """The engine that the options name."""
        return (options.noise,) if options.noise else ()

    @property
    def note(self) -> str:
        """What is done to the sound now, or why nothing is."""
        return self._near.note

    def streams(self) -> tuple[FarStream, NearStream]:
        """See `Sense.streams`: what was played comes first, so that it is there when needed."""
        return (FarStream(self._near), self._near)
