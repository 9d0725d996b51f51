"""Which child runs which sensors and senses, and which channels have an owner at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.bridges.bridge import BRIDGES
from sensorium.channels.catalogue import CHANNELS, REGIONS
from sensorium.health import OwnerState, Reason
from sensorium.perception.sense import SENSES
from sensorium.process import registry
from sensorium.process.orders import Orders, bridge_orders, orders, service_orders
from sensorium.process.substitutes import substitutes
from sensorium.sensors.sensor import SENSORS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.config import Config
    from sensorium.errors import ConfigError
    from sensorium.process.registry import Part
    from sensorium.supervisor.clients import AppRegion
    from sensorium.supervisor.regions import RegionSet

_INFERENCE = ("fast", "slow")


def plan(config: Config) -> tuple[Orders, ...]:
    """The orders of every child.

    Raises:
        ConfigError: Names file, line and key of a bad option, or two sensors that write the same
            channel, or nothing that is enabled.
    """
    sensors, senses = registry.sensors(config), registry.senses(config)
    _check_owners(config, sensors)
    bridges = registry.bridges(config)
    serving = (service_orders(config),) if config.service.enabled else ()
    bridging = (bridge_orders(config, bridges),) if bridges else ()
    if not sensors and not senses and not serving and not bridging:
        raise config.source.error((), "no sensor and no sense is enabled", "enable one")
    return (*_perceiving(config, sensors, senses), *serving, *bridging)


def _perceiving(
    config: Config, sensors: tuple[Part, ...], senses: tuple[Part, ...]
) -> tuple[Orders, ...]:
    """The orders of who captures and who perceives."""
    instead = substitutes(senses)
    if any(getattr(part.options, "stepped", False) for part in sensors):
        return (orders("stepped", config, sensors, senses, instead),)
    found = [orders("capture", config, sensors, (), instead)] if sensors else []
    for pace in _INFERENCE:
        mine = tuple(part for part in senses if CHANNELS[part.writes[0]].writer == pace)
        if mine:
            found.append(orders(pace, config, (), mine, instead))
    return tuple(found)


def needs_microphone(config: Config) -> bool:
    """Whether an enabled sense listens."""
    return any("audio" in part.kind.READS for part in registry.senses(config))


def seen_in(config: Config) -> frozenset[str]:
    """The grant classes, besides `camera`, that tell what an enabled sense sees with the camera."""
    looking = (part for part in registry.senses(config) if "frame" in part.kind.READS)
    classes = {CHANNELS[name].region for part in looking for name in part.writes}
    return frozenset(classes & set(REGIONS) - {"camera", "public"})


def bridge_classes(config: Config) -> dict[str, frozenset[str]]:
    """The grant classes that each enabled bridge reads, by the name under which it asks.

    That it is enabled, with the keys that need them, is the owner's own grant.
    """
    return {
        part.kind.APP: frozenset(part.kind.classes(part.options))
        for part in registry.bridges(config)
        if part.kind.APP
    }


def mark_unowned(
    regions: RegionSet, apps: Iterable[AppRegion], plans: tuple[Orders, ...],
    own: Iterable[str] = (),
) -> None:
    """Says why the channels that nobody writes are empty.

    Args:
        regions: The daemon's.
        apps: With their regions.
        plans: Of the children.
        own: What the supervisor writes besides its health.
    """
    owned = {name for one in plans for name in one.writes} | {"health", *own}
    known = registry.written_by_any()
    for channel in CHANNELS.values():
        if channel.name in owned or channel.writer == "app":
            continue
        here = channel.name in known or channel.writer == "supervisor"
        reason = Reason.NOT_CONFIGURED if here else Reason.NOT_IMPLEMENTED
        homes = [regions] if channel.region in REGIONS else apps
        for home in homes:
            home.set_owner_state((channel.name,), OwnerState.VACANT, reason)


def check_names(config: Config) -> None:
    """Checks that every sensor, sense and bridge of a configuration exists, with its options.

    Raises:
        ConfigError: Names file, line and key.
    """
    registries = {"sensors": SENSORS, "senses": SENSES, "bridges": BRIDGES}
    for section in (*config.sensors.values(), *config.senses.values(), *config.bridges.values()):
        known = registries[section.location]
        if section.name not in known:
            raise section.error("enabled", f"there is no {section.name}", ", ".join(known))
    plan(config)


def _check_owners(config: Config, sensors: tuple[Part, ...]) -> None:
    owners: dict[str, str] = {}
    for part in sensors:
        beside = getattr(part.kind, "YIELDS_TO", ())
        for name in part.writes:
            if name in owners and owners[name] not in beside:
                raise _conflict(config, owners[name], part.name, name)
            owners[name] = part.name


def _conflict(config: Config, first: str, second: str, channel: str) -> ConfigError:
    return config.sensors[second].error(
        "enabled",
        f"sensors.{first} and sensors.{second} both write the channel {channel}",
        f"set enabled = false in one of [sensors.{first}] and [sensors.{second}]",
    )
