"""A parameter of an avatar, and which values have to be sent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Value = bool | int | float

PREFIX = "/avatar/parameters/"
_STEP = 1 / 256
"""VRChat shares a float as 8 bits of -1..1 with others; finer changes are noise."""


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: Behind `PREFIX`.
        neutral: Its value while there is nothing to tell; its type is the parameter's.
        about: What it means.
        region: The grant class that it is made from.
    """

    name: str
    neutral: Value
    about: str
    region: str = "public"

    @property
    def address(self) -> str:
        """Where it is sent to."""
        return PREFIX + self.name

    @property
    def type_tag(self) -> str:
        """OSC's letter for it; T for either truth, as OSCQuery and VRChat have it."""
        return {bool: "T", int: "i", float: "f"}[type(self.neutral)]

    def fitted(self, value: Value | None) -> Value:
        """A value of its type; the neutral one for none, or for what is no number.

        Floats lie in -1..1 in steps of 1/256, whole numbers in 0..255: what an avatar can hold.
        """
        if value is None or not math.isfinite(value):
            return self.neutral
        if isinstance(self.neutral, bool):
            return bool(value)
        if isinstance(self.neutral, int):
            return min(255, max(0, int(value)))
        return round(min(1.0, max(-1.0, float(value))) / _STEP) * _STEP


class Outbox:
    """The values of all parameters, and which of them the other side has not been told.

    Args:
        parameters: All that there are.
    """

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self.parameters = tuple(parameters)
        self._values = {one.name: one.neutral for one in self.parameters}
        self._told: dict[str, Value] = {}

    def set(self, values: Mapping[str, Value | None]) -> None:
        """Takes values by name; a parameter that is not named gets its neutral value."""
        for one in self.parameters:
            self._values[one.name] = one.fitted(values.get(one.name))

    def value(self, parameter: Parameter) -> Value:
        """The value now."""
        return self._values[parameter.name]

    def forget(self) -> None:
        """The other side knows nothing any more: all is told again."""
        self._told.clear()

    def take(self) -> list[tuple[Parameter, Value]]:
        """What has changed since the last call; it counts as told."""
        changed = [
            (one, self._values[one.name]) for one in self.parameters
            if self._told.get(one.name) != self._values[one.name]
        ]
        self._told.update((one.name, value) for one, value in changed)
        return changed
