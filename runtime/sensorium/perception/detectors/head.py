"""What a head is: it knows how its maker prepares pictures, and reads what the engine gives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sensorium.inference.card import Card
    from sensorium.inference.card_objects import Objects
    from sensorium.perception.boxes import Found
    from sensorium.perception.detectors.ports import Picture


@dataclass(frozen=True)
class Settings:
    """What the table [objects] says, with nothing left open.

    Attributes:
        fit: middle, corner or stretch.
        pad: Grey around the picture, 0..255.
        resampling: bilinear or antialiased.
        channels: rgb or bgr.
        divisor: Of pixels of 0..255.
        boxes: Unit: pixels or shares, of the input.
        scores: probability or logit.
        suppression: every-label, best-label, across-labels or none.
        threshold: Smallest score of an object, 0..1.
        overlap: Largest of two boxes that both stay, 0..1.
        whole: Whether a picture's sides are rounded to the nearest pixel; else down.
        strides: Pixels of a cell of each grid.
        decoded: Whether the graph adds the grid to the boxes.
        mean: What is taken from each channel; none: nothing.
        deviation: What each channel is divided by; none: nothing.
    """

    fit: str
    pad: float
    resampling: str
    channels: str
    divisor: float
    boxes: str
    scores: str
    suppression: str
    threshold: float
    overlap: float
    whole: bool = False
    strides: tuple[int, ...] = ()
    decoded: bool = False
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    def of_card(self, said: Objects) -> Settings:
        """These, but what a card says."""
        texts = ("fit", "resampling", "channels", "divisor", "boxes", "scores", "suppression",
                 "strides", "decoded", "mean", "deviation")
        numbers = ("pad", "threshold", "overlap")
        changes = {name: getattr(said, name) for name in texts if getattr(said, name)}
        changes |= {name: getattr(said, name) for name in numbers if getattr(said, name) >= 0}
        return replace(self, **changes)


class Head(Protocol):
    """The side of a detector that depends on how it was exported. It holds no state."""

    defaults: ClassVar[Settings]
    """As its maker's own code does it."""

    def __init__(self, card: Card, settings: Settings) -> None:
        """Holds the card's ports against the head.

        Raises:
            CardError: They do not fit; says what is needed and what there is.
        """

    @property
    def picture(self) -> Picture:
        """The input that the picture goes into."""
        ...

    def more(self) -> Mapping[str, NDArray[Any]]:
        """What the engine takes beside the picture, by name."""
        ...

    def candidates(self, results: Mapping[str, NDArray[Any]], threshold: float) -> Found:
        """All boxes with a score above a threshold, with nothing suppressed.

        Args:
            results: Of the engine.
            threshold: Smallest score, 0..1.

        Returns:
            Boxes as shares of the input's width and height; they may reach beyond 0..1.

        Raises:
            OutputError: The numbers cannot be what the card says they are.
        """
        ...
