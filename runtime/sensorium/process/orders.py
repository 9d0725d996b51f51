"""What the supervisor tells a child when it starts: one JSON message, and its way back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.bridges.bridge import BRIDGES
from sensorium.channels.catalogue import REGIONS
from sensorium.config import Section, Service, Source
from sensorium.perception.sense import SENSES
from sensorium.process import registry
from sensorium.sensors.sensor import HEADSETS, SENSORS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.config import Config
    from sensorium.process.registry import Part

SLOW_NICE, NICEST = 5, 19
"""What takes a tenth of a second gives way to what must answer within a frame, too."""


@dataclass(frozen=True)
class GpuOrders:
    """What the configuration says of the GPU; see `config.Inference`.

    Attributes:
        device: auto, cpu or a UUID.
        cuda: The binding.
        standby: Whether CPU engines stay loaded.
        reserve_mib: What must stay free.
        budget_mib: What all engines may take; 0: no limit.
        idle_s: After so long without a run an engine leaves its memory; 0: never.
        keep_warm: Names of the engines that stay.
        slice_ms: How long a submission may take while an app tells its frames; 0: as it does.
        headset: Whether a headset is configured, whose GPU can be asked for.
    """

    device: str = "cpu"
    cuda: str = "cuda-bindings"
    standby: bool = True
    reserve_mib: int = 0
    budget_mib: int = 0
    idle_s: float = 0.0
    keep_warm: tuple[str, ...] = ()
    slice_ms: float = 0.0
    headset: bool = False


@dataclass(frozen=True)
class Orders:
    """What a child is to do.

    Attributes:
        kind: capture; fast or slow, inference by pace; stepped, the stepped replay with all senses;
            service, the local API; bridges.
        config: The configuration's file, for error messages and relative paths.
        sensors: Name to table, of those that this child runs.
        senses: The same for senses.
        writes: The channels that it owns.
        instead: Channel to the one that senses are given in its place.
        log_level: As in the configuration.
        log_format: As there.
        threads: Of each engine.
        nice: Of an inference process.
        affinity: Cores of an inference process; empty: all.
        gpu: Of a process with engines.
        regions: The grant classes whose memory it is given.
        service: What the configuration says of the local API.
        bridges: Name to table, of those that this child runs.
        smaller: Sense to its smaller engine, of those of its senses that have one.
    """

    kind: str
    config: str
    sensors: Mapping[str, Mapping[str, Any]]
    senses: Mapping[str, Mapping[str, Any]]
    writes: tuple[str, ...]
    instead: Mapping[str, str]
    log_level: str
    log_format: str
    threads: int
    nice: int
    affinity: tuple[int, ...]
    gpu: GpuOrders
    regions: tuple[str, ...] = REGIONS
    service: Service = field(default_factory=Service)
    bridges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    smaller: Mapping[str, str] = field(default_factory=dict)

    def with_budget(self, mib: int) -> Orders:
        """The same with another budget of the GPU's memory, which a running child is just told."""
        return replace(self, gpu=replace(self.gpu, budget_mib=mib))

    def message(self) -> dict[str, Any]:
        """As a message for the link."""
        return {
            "op": "orders", **vars(self), "gpu": vars(self.gpu), "service": asdict(self.service)
        }

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> Orders:
        """From a message of the link."""
        fields = {name: message[name] for name in cls.__dataclass_fields__}
        fields["writes"] = tuple(fields["writes"])
        fields["affinity"] = tuple(fields["affinity"])
        gpu = fields["gpu"]
        fields["gpu"] = GpuOrders(**{**gpu, "keep_warm": tuple(gpu["keep_warm"])})
        fields["regions"] = tuple(fields["regions"])
        service: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields["service"].items()
        }
        fields["service"] = Service(**service)
        return cls(**fields)

    def parts(self) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """The sensors and the senses, with decoded options."""
        source = Source.read(Path(self.config))
        senses = registry.parts(_sections(self.senses, "senses", source), SENSES)
        return (
            registry.parts(_sections(self.sensors, "sensors", source), SENSORS),
            registry.with_smaller(senses, self.smaller, source),
        )

    def bridge_parts(self) -> tuple[Part, ...]:
        """The bridges, with decoded options."""
        source = Source.read(Path(self.config))
        return registry.parts(_sections(self.bridges, "bridges", source), BRIDGES)


def orders(
    kind: str,
    config: Config,
    sensors: tuple[Part, ...],
    senses: tuple[Part, ...],
    instead: Mapping[str, str],
) -> Orders:
    """The orders for a child that runs these parts of a configuration.

    Args:
        kind: See `Orders`.
        config: The configuration.
        sensors: That it runs.
        senses: That it runs.
        instead: See `Orders`; by the senses of all children.
    """
    return Orders(
        kind=kind,
        config=str(config.source.path),
        sensors={part.name: dict(config.sensors[part.name].table) for part in sensors},
        senses={part.name: dict(config.senses[part.name].table) for part in senses},
        smaller={
            part.name: config.governor.smaller[part.name] for part in senses if part.smaller
        },
        # Two sensors may write the same channels: see `process.choice`.
        writes=tuple(dict.fromkeys(name for part in (*sensors, *senses) for name in part.writes)),
        instead=dict(instead),
        log_level=config.daemon.log_level,
        log_format=config.daemon.log_format,
        threads=config.inference.thread_count,
        nice=min(config.inference.nice + (SLOW_NICE if kind == "slow" else 0), NICEST),
        affinity=config.inference.affinity,
        gpu=GpuOrders(
            device=config.inference.device, cuda=config.inference.cuda,
            standby=config.inference.standby, reserve_mib=config.inference.reserve_mib,
            budget_mib=config.inference.gpu_budget_mib, idle_s=config.inference.gpu_idle_s,
            keep_warm=config.inference.gpu_keep_warm, slice_ms=config.inference.gpu_slice_ms,
            headset=any(
                name in config.sensors and config.sensors[name].enabled for name in HEADSETS
            ),
        ),
    )


def service_orders(config: Config) -> Orders:
    """The orders for the local API: engines, no sense, and no memory but what callers may read.

    It is given the public region, in which the governor says how much its engines may take.
    """
    return replace(
        orders("service", config, (), (), {}), regions=("public",), service=config.service
    )


def bridge_orders(config: Config, bridges: tuple[Part, ...]) -> Orders:
    """The orders for the bridges: no memory but what each asks for, as any app does.

    The process reads the public region, in which the governor says how much engines may take.
    """
    tables = {part.name: dict(config.bridges[part.name].table) for part in bridges}
    return replace(orders("bridges", config, (), (), {}), regions=("public",), bridges=tables)


def _sections(
    tables: Mapping[str, Mapping[str, Any]], location: str, source: Source
) -> dict[str, Section]:
    return {name: Section(name, True, table, location, source) for name, table in tables.items()}
