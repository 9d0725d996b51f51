"""What the installed front end makes of sounds: in processes of their own, one for each core."""

from __future__ import annotations

from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from sensorium.errors import EngineMissing
from sensorium.inference import store
from sensorium.perception.speech_embedding import EMBEDDING_ENGINE, MEL_ENGINE
from sensorium_tools import build
from sensorium_tools.train import clips, processes
from sensorium_tools.train.whole_sounds import WholeSounds
from sensorium_tools.verify import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import ProcessPoolExecutor

    from numpy.typing import NDArray

    from sensorium_tools.progress import Progress
    from sensorium_tools.train.utterance import Utterance

    Features = NDArray[np.float16]

T = TypeVar("T")

MOST_PROCESSES = 4


class Made(NamedTuple):
    """What a job gives.

    Attributes:
        features: Embeddings, 80 ms apart: float16 [steps, 96].
        heard: For a clip, which of its windows are of the phrase: bool [windows].
        end: For a clip, the sample at which the phrase ends.
    """

    features: Features
    heard: NDArray[np.bool_] = np.zeros(0, np.bool_)
    end: int = 0


@dataclass(frozen=True)
class ClipJob:
    """A phrase in a scene; see `clips.clip`."""

    said: Utterance
    others: tuple[Utterance, ...]
    seed: tuple[int, ...]
    revoiced: float = 0.0

    def told(self) -> bytes:
        """All that decides it."""
        return repr(self).encode()

    def __call__(self, front_end: WholeSounds) -> Made:
        """Speaks, mixes and embeds."""
        made = self._clip()
        return Made(_half(front_end.embeddings(made.sound)), made.heard(), made.end)

    def sound(self) -> NDArray[np.float32]:
        """What is embedded, [n]."""
        return self._clip().sound

    def _clip(self) -> clips.Clip:
        noise = np.random.default_rng(self.seed)
        around = [other.sound() for other in self.others]
        return clips.clip(self.said.sound(), around, noise, self.revoiced)


@dataclass(frozen=True)
class StretchJob:
    """Sentences, or sounds, one after the other; see `clips.stretch`."""

    said: tuple[Utterance | NDArray[np.int16], ...]
    seed: tuple[int, ...]
    revoiced: float = 0.0

    @property
    def kind(self) -> str:
        """For the report."""
        recorded = isinstance(self.said[0], np.ndarray)
        return "recorded speech" if recorded else "synthetic sentences"

    def told(self) -> bytes:
        """All that decides it."""
        parts = [part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode()
                 for part in self.said]
        return b"".join((*parts, repr((self.seed, self.revoiced)).encode()))

    def __call__(self, front_end: WholeSounds) -> Made:
        """Speaks, mixes and embeds."""
        return Made(_half(front_end.embeddings(self.sound())))

    def sound(self) -> NDArray[np.float32]:
        """What is embedded, [n]."""
        sounds = [
            part.astype(np.float32) / np.float32(32768) if isinstance(part, np.ndarray)
            else part.sound()
            for part in self.said
        ]
        return clips.stretch(sounds, np.random.default_rng(self.seed), self.revoiced)


@dataclass(frozen=True)
class NoiseJob:
    """A stretch in which nobody speaks; see `backgrounds.background`."""

    noise: str
    seconds: float
    seed: tuple[int, ...]

    @property
    def kind(self) -> str:
        """For the report."""
        return "music" if self.noise == "music" else "noise"

    def told(self) -> bytes:
        """All that decides it."""
        return repr(self).encode()

    def __call__(self, front_end: WholeSounds) -> Made:
        """Makes and embeds."""
        return Made(_half(front_end.embeddings(self.sound())))

    def sound(self) -> NDArray[np.float32]:
        """What is embedded, [n]."""
        return clips.nobody(self.noise, self.seconds, np.random.default_rng(self.seed))


Job = ClipJob | StretchJob | NoiseJob


def _half(features: NDArray[np.float32]) -> Features:
    """As they are kept: hours of them shall fit into memory."""
    return features.astype(np.float16)


class Workers:
    """Processes that run jobs; see `workers`."""

    def __init__(self, pool: ProcessPoolExecutor, progress: Progress) -> None:
        self._pool = pool
        self._progress = progress

    def run(self, label: str, jobs: Sequence[Callable[[WholeSounds], T]]) -> list[T]:
        """Runs jobs; gives their results in their order.

        Raises:
            EngineError: What a job raised.
        """
        waiting = {self._pool.submit(_work, job): place for place, job in enumerate(jobs)}
        made: dict[int, T] = {}
        with self._progress.steps(label, len(jobs)) as advance:
            for done in as_completed(waiting):
                made[waiting[done]] = done.result()
                advance(1)
        return [made[place] for place in range(len(jobs))]


@contextmanager
def workers(progress: Progress) -> Iterator[Workers]:
    """Starts the processes; Ctrl-C, an error and the end stop them.

    Raises:
        EngineError: When an engine of the front end cannot be built.
    """
    for name in (MEL_ENGINE, EMBEDDING_ENGINE):
        _ensure(name, progress)
    count = max(1, min(MOST_PROCESSES, machine.cores()))
    with processes.pool(count, _begin) as pool:
        yield Workers(pool, progress)


def _ensure(name: str, progress: Progress) -> None:
    """Builds an engine only where the daemon would find none: it is learnt on what is installed."""
    try:
        store.load(name, 1).close()
    except EngineMissing:
        build.build(store.find_card(name), progress)


_front_end: list[WholeSounds] = []


def _begin() -> None:
    processes.give_way()
    _front_end[:] = [WholeSounds()]


def _work(job: Callable[[WholeSounds], T]) -> T:
    return job(_front_end[0])
