"""Turns a registry's lazy `module:Class` into the class, and a configuration into classes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sensorium.bridges.bridge import BRIDGES
from sensorium.errors import CardError
from sensorium.inference import store
from sensorium.perception.sense import SENSES
from sensorium.sensors.sensor import SENSORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.config import Config, Section, Source
    from sensorium.inference.engine import Engine


@dataclass(frozen=True)
class Part:
    """One enabled sensor, sense or bridge with its decoded options.

    Attributes:
        name: In the configuration.
        kind: Its class.
        options: Of that class.
        writes: The channels that it writes.
        smaller: The same sense with a smaller engine, where one is configured.
    """

    name: str
    kind: type[Any]
    options: Any
    writes: tuple[str, ...]
    smaller: Part | None = None

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
    found = parts(config.senses, SENSES)
    return with_smaller(found, config.governor.smaller, config.source)


def with_smaller(
    senses: tuple[Part, ...], engines: Mapping[str, str], source: Source
) -> tuple[Part, ...]:
    """Senses with the smaller engines that `[governor.smaller]` names.

    Args:
        senses: As they are configured.
        engines: Name of a sense to the engine's; of several (`ENGINE_KEYS`), what they begin with.
        source: The file.

    Raises:
        ConfigError: Names file, line and key of a sense whose options name no engine, and of an
            engine that has no card.
    """
    smaller = {name: _options(name, engine, source) for name, engine in engines.items()}
    return tuple(
        replace(part, smaller=replace(part, options=replace(part.options, **smaller[part.name])))
        if part.name in smaller
        else part
        for part in senses
    )


def _options(name: str, engine: str, source: Source) -> dict[str, str]:
    """The options of a sense that name its engine, with another one."""
    place = ("governor", "smaller", name)
    keys = getattr(load(SENSES[name]), "ENGINE_KEYS", ())
    if not keys:
        able = [other for other in SENSES if hasattr(load(SENSES[other]), "ENGINE_KEYS")]
        raise source.error(
            place, "this sense has no engine of one's choice", f"allowed: {', '.join(able)}"
        )
    options = {key: engine if len(keys) == 1 else f"{engine}-{key}" for key in keys}
    for wanted in options.values():
        try:
            store.find_card(wanted)
        except CardError as error:
            raise source.error(place, error.message, error.remedy) from error
    return options


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
