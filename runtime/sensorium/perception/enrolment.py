"""What is kept of the wearer's voice: a small file of his own, which he can delete.

It holds no sound and no words: a direction of 256 numbers, and how his own sentences scored
against one another, from which his threshold follows. It is biometric data all the same.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium import folders
from sensorium.errors import EnrolmentError
from sensorium.perception import private_file
from sensorium.perception.voiceprint import WIDTH

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = 1
"""Raised when what is heard of a voice is computed in another way: then one enrols again."""
AGAIN = "enrol again: sensorium enrol"
MAX_BYTES = 64_000

OTHERS: dict[float, float] = {1.0: 0.70, 2.0: 0.82, 4.0: 0.87}
"""Seconds of speech to the score at which the wearer and other voices are confused equally often,
over the calibration voices of `tests/benchmarks/speaker.py`."""
SPREAD = 1.5
"""The wearer's own scores reach so many standard deviations below their mean: 93 % of them."""


@dataclass(frozen=True)
class Own:
    """How pieces of the wearer's sentences score against his other sentences.

    Attributes:
        seconds: Of speech in a piece.
        mean: Of the scores.
        deviation: Their standard deviation.
    """

    seconds: float
    mean: float
    deviation: float


@dataclass(frozen=True)
class Enrolment:
    """An enrolled voice.

    Attributes:
        made: When, ISO 8601 in UTC.
        model: Identity of the engine's card: vectors of another model mean something else.
        engine: Sha256 of the engine file that made it; one of another precision serves as well.
        sentences: How many were spoken.
        seconds: Of speech in them.
        own: By rising seconds.
        voice: [WIDTH], a unit vector.
    """

    made: str
    model: str
    engine: str
    sentences: int
    seconds: float
    own: tuple[Own, ...]
    voice: NDArray[np.float32]

    def score(self, voiceprint: NDArray[np.float32]) -> float:
        """The cosine to another voice, -1..1."""
        return float(np.clip(np.dot(self.voice, voiceprint), -1.0, 1.0))

    def threshold(self, seconds: float) -> float:
        """From which score on it is the wearer, for so many seconds of speech.

        Half of it is where voices in general are confused, half is the wearer's own spread; both
        rise with the speech that there is (interpolated over the logarithm of the seconds).
        """
        own = _at(seconds, {one.seconds: one.mean - SPREAD * one.deviation for one in self.own})
        return 0.5 * (_at(seconds, OTHERS) + own)


def place() -> Path:
    """Where the wearer's enrolment lies."""
    return folders.data_dir() / "enrolments" / "speaker.json"


def write(path: Path, enrolment: Enrolment) -> None:
    """Keeps an enrolment, in the place of the one before, for the user's eyes alone.

    Raises:
        EnrolmentError: When it cannot be written.
    """
    document = {"format": FORMAT, **asdict(enrolment)}
    document["voice"] = [round(float(part), 7) for part in enrolment.voice]
    private_file.write(path, document, indent=1)


def read(path: Path) -> Enrolment:
    """Reads an enrolment.

    Raises:
        EnrolmentError: There is none, it is broken, or of another format.
    """
    found = private_file.read(
        path, _checked, version=FORMAT, max_bytes=MAX_BYTES, again=AGAIN
    )
    if found is None:
        raise EnrolmentError("nobody is enrolled", "sensorium enrol")
    return found


def _checked(document: dict[str, Any]) -> Enrolment:
    voice = np.array(document["voice"], np.float32)
    if voice.shape != (WIDTH,) or not abs(float(np.linalg.norm(voice)) - 1.0) < 1e-3:
        raise ValueError("voice is no unit vector")
    own = tuple(
        Own(float(one["seconds"]), float(one["mean"]), float(one["deviation"]))
        for one in document["own"]
    )
    lengths = [one.seconds for one in own]
    if not own or lengths != sorted(set(lengths)) or not all(
        0.0 < one.seconds < 1e4 and abs(one.mean) <= 1.0 and 0.0 <= one.deviation <= 1.0
        for one in own
    ):
        raise ValueError("own holds scores that cannot be")
    sentences, seconds = int(document["sentences"]), float(document["seconds"])
    if sentences < 1 or not 0.0 < seconds < math.inf:
        raise ValueError("holds no sentences")
    made, model, engine = (document[name] for name in ("made", "model", "engine"))
    if not all(isinstance(text, str) for text in (made, model, engine)):
        raise TypeError("made, model and engine are texts")
    return Enrolment(made, model, engine, sentences, seconds, own, voice)


def _at(seconds: float, table: dict[float, float]) -> float:
    """A value between those of a table, over the logarithm of the seconds; its ends outside."""
    return float(np.interp(math.log(max(seconds, 1e-3)), np.log(list(table)), list(table.values())))
