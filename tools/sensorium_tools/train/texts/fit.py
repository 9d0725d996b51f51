"""Fits a classifier, until it gets no better on texts that it does not learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from sensorium_tools.train.temporal_network import Adam, Rows
from sensorium_tools.train.texts.calibration import loss_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from sensorium_tools.train.texts.split import Sides

    Array = NDArray[np.floating[Any]]

Given = TypeVar("Given")

BATCH = 64
MOST_EPOCHS = 40
PATIENCE = 3
"""Epochs in a row that made the loss on the validation side not smaller, after which it ends."""
_GAIN = 0.005
"""By how much it must be smaller to count."""
_BUCKET = 40
"""Batches whose texts are put in the order of their length, so that little is filled up."""
_TOLD = 100
"""Batches after which it is told how far it is."""
_STEEPEST = 1.0
"""Longest gradient; longer ones are shortened (Pascanu, Mikolov, Bengio, 2013)."""


class Model(Protocol[Given]):
    """What is fitted."""

    @property
    def parameters(self) -> list[Any]:
        """All weights; changed in place."""
        ...

    def logits(self, batch: Given) -> Array:
        """Scores before the softmax, [texts, classes]."""
        ...

    def drop(self, batch: Given, noise: np.random.Generator) -> tuple[Given, Any]:
        """A batch as training sees it, and its masks."""
        ...

    def gradients(
        self, batch: Given, truth: NDArray[np.int64], masks: Any
    ) -> tuple[float, list[Any]]:
        """The mean loss, and its gradient by each of `parameters`."""
        ...


class Data(NamedTuple, Generic[Given]):
    """What is learned.

    Attributes:
        batch: Makes a batch of texts, by their places.
        lengths: [n], of each text.
        truth: [n], the class of each text.
        sides: Who is learned from, and who says when to stop.
    """

    batch: Callable[[NDArray[np.int64]], Given]
    lengths: NDArray[np.int64]
    truth: NDArray[np.int64]
    sides: Sides


class Fitted(NamedTuple):
    """How it went: the epoch whose weights stayed, of how many, and its loss on the validation."""

    best: int
    epochs: int
    loss: float


def fit(
    model: Model[Given], data: Data[Given], rate: float, noise: np.random.Generator,
    tell: Callable[[str], None],
) -> Fitted:
    """Fits a model; afterwards it has the weights that were best on the validation side.

    Args:
        model: Fresh.
        data: To learn from.
        rate: Of the optimiser; it is halved after each epoch that did not count.
        noise: Decides the order and what is dropped.
        tell: Told how far it is, a few times in an epoch.
    """
    optimiser = Adam(model.parameters)
    best, least, kept = 0, np.inf, [array.copy() for array in model.parameters]
    epoch, waited = 0, 0
    own = data.sides.training
    count = -(-len(own) // BATCH)
    truth = data.truth[data.sides.validation]
    while epoch < MOST_EPOCHS and waited < PATIENCE:
        epoch += 1
        for done, places in enumerate(batches(own, data.lengths, noise)):
            batch, masks = model.drop(data.batch(places), noise)
            _, gradients = model.gradients(batch, data.truth[places], masks)
            optimiser.step(_shortened(gradients), rate)
            if done and done % _TOLD == 0:
                tell(f"epoch {epoch}, batch {done} of {count}")
        loss = loss_of(scores(model, data, data.sides.validation), truth)
        tell(f"epoch {epoch}: a loss of {loss:.3f} on the validation side")
        waited = 0 if loss < least - _GAIN else waited + 1
        if waited:
            rate /= 2
        if loss < least:
            best, least = epoch, loss
            kept = [array.copy() for array in model.parameters]
    for array, value in zip(model.parameters, kept, strict=True):
        array[...] = value
    return Fitted(best, epoch, float(least))


def scores(
    model: Model[Given], data: Data[Given], places: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Logits of texts, [places, classes]."""
    order = np.argsort(data.lengths[places], kind="stable")
    made = [
        model.logits(data.batch(places[order[first : first + BATCH]]))
        for first in range(0, len(order), BATCH)
    ]
    found = np.empty((len(places), made[0].shape[1]))
    found[order] = np.concatenate(made)
    return found


def batches(
    places: NDArray[np.int64], lengths: NDArray[np.int64], noise: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """All places once, in batches of about one length each, mixed."""
    mixed = noise.permutation(places)
    cut: list[NDArray[np.int64]] = []
    for first in range(0, len(mixed), BATCH * _BUCKET):
        part = mixed[first : first + BATCH * _BUCKET]
        ordered = part[np.argsort(lengths[part], kind="stable")]
        cut += [ordered[at : at + BATCH] for at in range(0, len(ordered), BATCH)]
    for at in noise.permutation(len(cut)):
        yield cut[at]


def _shortened(gradients: list[Array | Rows]) -> list[Array | Rows]:
    parts = [each.values if isinstance(each, Rows) else each for each in gradients]
    length = float(np.sqrt(sum(float((part * part).sum()) for part in parts)))
    if length <= _STEEPEST:
        return gradients
    for part in parts:
        part *= np.float32(_STEEPEST / length)
    return gradients
