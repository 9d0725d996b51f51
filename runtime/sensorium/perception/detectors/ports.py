"""Whether a detector's inputs and outputs are those that its head reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.errors import CardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port

_CHANNELS = 3


@dataclass(frozen=True)
class Picture:
    """The input that takes the picture.

    Attributes:
        name: Of the tensor.
        type: float32 or uint8.
        height: In pixels.
        width: In pixels.
        first: Whether its channels come first, as in [1, 3, height, width].
    """

    name: str
    type: str
    height: int
    width: int
    first: bool


class Ports:
    """A card's inputs and outputs, as one head looks at them.

    Args:
        card: With its ports.
        takes: What the head needs, in words.
        gives: The same of the outputs.
    """

    def __init__(self, card: Card, takes: str, gives: str) -> None:
        self._card = card
        self._takes, self._gives = takes, gives
        self._bound: dict[str, int | str] = {}
        if card.inputs and card.outputs and not card.engine.labels:
            raise CardError(
                f"{card.name}: the head {card.objects.head or 'darknet'} (task objects) needs "
                "labels in the card", "write engine.labels, in the order of the model's classes",
            )

    def picture(self, others: int = 0) -> Picture:
        """The input that takes the picture: of four sizes, one of them the three colours.

        Args:
            others: How many inputs the engine may have beside it.

        Raises:
            CardError: There is none, or there are more inputs.
        """
        found = [port for port in self._card.inputs if len(port.shape) == 4]
        if len(found) != 1 or len(self._card.inputs) > 1 + others:
            raise self.unfitting()
        (port,) = found
        batch, *sizes = self._card.sizes(port)
        first = sizes[0] == _CHANNELS
        divisor = self._card.objects.divisor
        if (
            batch != 1
            or not (first or sizes[-1] == _CHANNELS)
            or port.type not in ("float32", "uint8")
            or (port.type == "uint8" and divisor != 1)
        ):
            raise self.unfitting()
        height, width = sizes[1:] if first else sizes[:2]
        return Picture(port.name, port.type, height, width, first)

    def outputs(self, usual: Sequence[str]) -> list[Port]:
        """The outputs that a head reads.

        Args:
            usual: Their names in its maker's export. The card may name others; where there is
                neither, the first ones are read.

        Raises:
            CardError: There are too few, or none of that name.
        """
        named, ports = self._card.objects.outputs, self._card.outputs
        by_name = {port.name: port for port in ports}
        names = named or (usual if all(name in by_name for name in usual) else ())
        if names:
            if len(names) != len(usual) or not all(name in by_name for name in names):
                raise self.unfitting()
            return [by_name[name] for name in names]
        if len(ports) < len(usual):
            raise self.unfitting()
        return list(ports[: len(usual)])

    def check(self, port: Port, shape: Sequence[int | str], *types: str) -> None:
        """Refuses a port of another shape or type.

        Args:
            port: Of the card.
            shape: A number is that size, a word any size, and the same wherever it stands again.
            types: That are taken; none: float32.

        Raises:
            CardError: It is another.
        """
        if (
            port.type not in (types or ("float32",))
            or len(port.shape) != len(shape)
            or not all(map(self._fits, port.shape, shape))
        ):
            raise self.unfitting()

    def unfitting(self) -> CardError:
        """That the ports are not those of the head."""
        card, head = self._card, self._card.objects.head or "darknet"
        return CardError(
            f"{card.name}: the head {head} (task objects) needs the inputs {self._takes} and the "
            f"outputs {self._gives}; there are the inputs {_listed(card.inputs)} and the outputs "
            f"{_listed(card.outputs)}, and {len(card.engine.labels)} labels",
            "name another head, or the outputs that it is to read, in [objects] of the card; "
            "engine.labels holds one for each class",
        )

    def _fits(self, size: int | str, wanted: int | str) -> bool:
        if isinstance(wanted, int):
            return isinstance(size, str) or size == wanted
        return self._bound.setdefault(wanted, size) == size


def _listed(ports: Iterable[Port]) -> str:
    return ", ".join(
        f"{port.name} {port.type} [{', '.join(map(str, port.shape))}]" for port in ports
    ) or "none"
