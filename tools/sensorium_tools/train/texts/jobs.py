"""What is done in processes of their own: embedding texts, and fitting the two classifiers."""

from __future__ import annotations

import queue
import time
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sensorium.inference import store
from sensorium.perception.sentence_tokens import SentenceTokens
from sensorium_tools.train import processes
from sensorium_tools.train.texts import fit, head, lstm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from sensorium_tools.progress import Progress
    from sensorium_tools.train.texts.fit import Fitted
    from sensorium_tools.train.texts.split import Sides

EMBEDDING = "minilm"
"""The engine of sentence embeddings, as it is installed."""
_LOOK_S = 0.1
_LSTM_RATE, _HEAD_RATE = 2e-3, 1e-3


class Result(NamedTuple):
    """A fitted classifier.

    Attributes:
        parameters: Its weights.
        fitted: How it went.
        validation: Logits of the validation side, [n, classes].
        test: Those of the test side.
        seconds: That it took.
    """

    parameters: list[NDArray[np.float32]]
    fitted: Fitted
    validation: NDArray[np.float64]
    test: NDArray[np.float64]
    seconds: float


class Lesson(NamedTuple):
    """What both learn: the class of each text, how many there are, and the seed."""

    truth: NDArray[np.int64]
    classes: int
    sides: Sides
    seed: int


def fit_lstm(numbers: Sequence[NDArray[np.int64]], words: int, lesson: Lesson) -> Result:
    """Fits an LSTM to texts as numbers of words, of a table of `words` rows."""
    noise = np.random.default_rng(lesson.seed)
    lengths = np.array([len(text) for text in numbers], np.int64)

    def batch(places: NDArray[np.int64]) -> lstm.Batch:
        return lstm.batch_of([numbers[at] for at in places])

    return _fitted(
        lstm.Lstm(words, lesson.classes, noise),
        fit.Data(batch, lengths, lesson.truth, lesson.sides), _LSTM_RATE, noise, "lstm",
    )


def fit_head(embeddings: NDArray[np.float32], lesson: Lesson) -> Result:
    """Fits a head to the embeddings of texts, [n, width]."""
    noise = np.random.default_rng(lesson.seed)
    lengths = np.ones(len(embeddings), np.int64)
    return _fitted(
        head.Head(embeddings.shape[1], lesson.classes, noise),
        fit.Data(embeddings.__getitem__, lengths, lesson.truth, lesson.sides),
        _HEAD_RATE, noise, EMBEDDING,
    )


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """The embeddings of texts, [texts, width], by the installed engine."""
    if not _embedder:
        engine = store.load(EMBEDDING)
        _embedder.append((engine, SentenceTokens(engine, store.find_card(EMBEDDING))))
    engine, tokens = _embedder[0]
    rows = []
    for text in texts:
        _check()
        (found,) = engine.run(tokens.feeds(text)).values()
        rows.append(np.array(found, np.float32).reshape(-1))
    return np.stack(rows)


class Bench:
    """Processes that fit; see `bench`."""

    def __init__(self, pool: Any, told: Any, progress: Progress) -> None:
        self._pool = pool
        self._told = told
        self._progress = progress

    def begin(self, function: Callable[..., Any], *given: Any) -> Future[Any]:
        """Lets a process do something."""
        future: Future[Any] = self._pool.submit(function, *given)
        return future

    def finish(self, label: str, futures: Sequence[Future[Any]]) -> list[Any]:
        """Waits for results, in their order, and tells meanwhile how far they are.

        Raises:
            Exception: What one of them raised.
        """
        left = set(futures)
        with self._progress.steps(label, len(futures)) as advance:
            while left:
                done, left = wait(left, _LOOK_S, FIRST_COMPLETED)
                for future in done:
                    future.result()
                advance(len(done))
                self._tell()
        return [future.result() for future in futures]

    def _tell(self) -> None:
        while True:
            try:
                self._progress.say(self._told.get_nowait())
            except queue.Empty:
                return


@contextmanager
def bench(count: int, progress: Progress) -> Iterator[Bench]:
    """Starts processes; Ctrl-C, an error and the end stop what they do."""
    told, stop = processes.CONTEXT.Queue(), processes.CONTEXT.Event()
    with processes.pool(count, _begin, told, stop) as pool:
        try:
            yield Bench(pool, told, progress)
        finally:
            stop.set()
            told.cancel_join_thread()


_embedder: list[tuple[Any, SentenceTokens]] = []
_parent: list[Any] = []
"""Of a process: the queue that it tells by, and the event that ends it."""


class _Stopped(Exception):
    """Nobody waits for the result."""


def _begin(told: Any, stop: Any) -> None:
    processes.give_way()
    # What nobody reads must not keep the process.
    told.cancel_join_thread()
    _parent[:] = [told, stop]


def _check() -> None:
    if _parent and _parent[1].is_set():
        raise _Stopped


def _fitted(
    model: Any, data: fit.Data[Any], rate: float, noise: np.random.Generator, name: str
) -> Result:
    begun = time.monotonic()

    def tell(line: str) -> None:
        _check()
        if line and _parent:
            _parent[0].put(f"{name}: {line}")

    fitted = fit.fit(model, data, rate, noise, tell)
    validation, test = (
        fit.scores(model, data, side) for side in (data.sides.validation, data.sides.test)
    )
    return Result(model.parameters, fitted, validation, test, time.monotonic() - begun)
