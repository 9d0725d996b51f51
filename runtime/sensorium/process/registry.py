"""Turns a registry's lazy `module:Class` into the class, and a configuration into classes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensorium.bridges.bridge import BRIDGES
from sensorium.perception.sense import SENSES
from sensorium.sensors.sensor import SENSORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.config import Config, Section
    from sensorium.inference.engine import Engine


@dataclass(frozen=True)
class Part:
    """One enabled sensor, sense or bridge with its decoded options."""

    name: str
    kind: type[Any]
    options: Any
    writes: tuple[str, ...]

    def engines(self) -> tuple[str, ...]:
        """Names of the engines that a sense needs with its options."""
        kind = self.kind
        return tuple(kind.engines(self.options) if hasattr(kind, "engines") else kind.ENGINES)

    def may_use(self, loaded: Mapping[str, Engine] | None = None) -> tuple[str, ...]:
        """Names of the engines that a sense uses where they are built, with its options.

        Args:
            loaded: Those that it needs, by which it may know better.
        """
        kind = self.kind
        return tuple(kind.may_use(self.options, loaded)) if hasattr(kind, "may_use") else ()


def sensors(config: Config) -> tuple[Part, ...]:
    """The enabled sensors, with checked options.

    Raises:
        ConfigError: Names file, line and key of what is wrong.
    """
    return parts(config.sensors, SENSORS)


def senses(config: Config) -> tuple[Part, ...]:
    """The enabled senses, with checked options.

    Raises:
        ConfigError: Names file, line and key of what is wrong.
    """
    return parts(config.senses, SENSES)


def bridges(config: Config) -> tuple[Part, ...]:
    """The enabled bridges, with checked options.

    Raises:
        ConfigError: Names file, line and key of what is wrong.
    """
    return parts(config.bridges, BRIDGES)


def written_by_any() -> frozenset[str]:
    """The channels that some sensor or sense of this version can write."""
    kinds = (load(reference) for reference in (*SENSORS.values(), *SENSES.values()))
    return frozenset(name for kind in kinds for name in kind.WRITES)


def parts(sections: Mapping[str, Section], registry: Mapping[str, str]) -> tuple[Part, ...]:
    """The enabled sections of a registry as classes with checked options, in its order.

    Raises:
        ConfigError: Names file, line and key of what is wrong.
    """
    found = []
    order = {name: place for place, name in enumerate(registry)}
    for section in sorted(sections.values(), key=lambda section: order[section.name]):
        kind = load(registry[section.name])
        options = section.decode(kind.Options)
        if section.enabled:
            found.append(Part(section.name, kind, options, _writes(kind, options)))
    return tuple(found)


def _writes(kind: type[Any], options: Any) -> tuple[str, ...]:
    """The channels that a part writes; a bridge writes none."""
    if hasattr(kind, "writes"):
        return tuple(kind.writes(options))
    return tuple(getattr(kind, "WRITES", ()))


def load(reference: str) -> Any:
    """What a lazy `module:name` stands for."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
