"""What a configuration file says: the daemon, inference, recording, service, and each part."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sensorium import folders
from sensorium.config.governor import Governor
from sensorium.config.options import check_names, decode
from sensorium.config.service import Service
from sensorium.config.source import Source
from sensorium.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Options = TypeVar("Options")

_TABLES = (
    "daemon", "inference", "governor", "recording", "service", "sensors", "senses", "bridges",
)  # fmt: skip


@dataclass(frozen=True)
class Daemon:
    """The daemon as a whole."""

    log_level: str = field(
        default="info",
        metadata={
            "doc": "How much the log says.",
            "choices": ("debug", "info", "warning", "error"),
        },
    )
    log_format: str = field(
        default="text",
        metadata={
            "doc": "How the log looks: lines for people, or one JSON object a line.",
            "choices": ("text", "json"),
        },
    )
    stop_idle_s: float = field(
        default=0.0,
        metadata={
            "doc": "The daemon stops when no app or command was connected for so long, in s, for "
            "one that the system starts again on demand; 0: never.",
            "min": 0.0,
            "max": 86_400.0,
        },
    )
    workplace_or_education: bool = field(
        default=False,
        metadata={
            "doc": "Whether it is used at a workplace or in education, where estimating emotions "
            "is forbidden (Regulation (EU) 2024/1689, Art. 5(1)(f)): then no such sense starts."
        },
    )


@dataclass(frozen=True)
class Inference:
    """How the engines share the machine with the game."""

    threads: int = field(
        default=0,
        metadata={
            "doc": "Threads of each inference process; 0: a quarter of the cores, 1 to 4.",
            "min": 0,
            "max": 64,
        },
    )
    nice: int = field(
        default=10,
        metadata={"doc": "Below the game: 0 is equal to it, 19 is least.", "min": 0, "max": 19},
    )
    affinity: tuple[int, ...] = field(
        default=(),
        metadata={"doc": "Cores that inference may use; empty: all.", "min": 0, "max": 4095},
    )
    device: str = field(
        default="auto",
        metadata={
            "doc": "auto: the GPU that drives the headset, else the only one, else the CPU; cpu; "
            "or the UUID of the GPU where that is not known."
        },
    )
    cuda: str = field(
        default="cuda-bindings",
        metadata={
            "doc": "The Python package through which the GPU is used.",
            "choices": ("cuda-bindings", "pycuda"),
        },
    )
    standby: bool = field(
        default=True,
        metadata={"doc": "Whether the CPU's engine stays loaded while the GPU's answers."},
    )
    reserve_mib: int = field(
        default=512,
        metadata={
            "doc": "Engines leave the GPU when less of its memory is free, in MiB; 0: never.",
            "min": 0,
            "max": 65_536,
        },
    )
    gpu_slice_ms: float = field(
        default=4.0,
        metadata={
            "doc": "Longest submission to the GPU while an app tells its frames, in ms: a longer "
            "run is cut along its rows, or is the CPU's while frames are at risk; 0: no limit.",
            "min": 0.0,
            "max": 1000.0,
        },
    )
    gpu_budget_mib: int = field(
        default=0,
        metadata={
            "doc": "What all engines together may take of the GPU's memory, in MiB; 0: no limit "
            "but reserve_mib.",
            "min": 0,
            "max": 65_536,
        },
    )
    gpu_idle_s: float = field(
        default=120.0,
        metadata={
            "doc": "An engine that nobody ran for so long leaves the GPU's memory, in s, and comes "
            "back when it is used again; 0: never.",
            "min": 0.0,
            "max": 86_400.0,
        },
    )
    gpu_keep_warm: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "Engines that stay in the GPU's memory without use."},
    )

    @property
    def thread_count(self) -> int:
        """`threads`, or a quarter of the cores, 1 to 4, where it is 0."""
        return self.threads or min(4, max(1, (os.cpu_count() or 1) // 4))


@dataclass(frozen=True)
class Recording:
    """Where `sensorium record` stops by itself."""

    max_minutes: float = field(
        default=30.0,
        metadata={"doc": "Longest recording, in minutes.", "min": 0.01, "max": 1440.0},
    )
    max_megabytes: int = field(
        default=1024,
        metadata={"doc": "Largest recording, in millions of bytes.", "min": 1, "max": 1_000_000},
    )


@dataclass(frozen=True)
class Section:
    """One sensor's, sense's or bridge's table.

    Attributes:
        name: In its registry.
        enabled: A table without the key is enabled.
        table: Its own keys, without `enabled`.
        location: `sensors`, `senses` or `bridges`.
        source: The file that it stands in.
    """

    name: str
    enabled: bool
    table: Mapping[str, Any]
    location: str
    source: Source

    def decode(self, options: type[Options]) -> Options:
        """The table as `options`, a frozen dataclass; see `config.options.decode`.

        Raises:
            ConfigError: Names file, line and key, and what is allowed.
        """
        return decode(options, self.table, self.source, (self.location, self.name))

    def error(self, key: str, problem: str, allowed: str = "") -> ConfigError:
        """A ConfigError at one key, for what only the part itself can check."""
        return self.source.error((self.location, self.name, key), problem, allowed)


@dataclass(frozen=True)
class Config:
    """A whole configuration.

    Attributes:
        source: The file that it was read from.
        daemon: The daemon as a whole.
        inference: How the engines share the machine.
        governor: How the senses give way to an app.
        recording: Default limits of a recording.
        service: The local API.
        sensors: Name to section, in the file's order; a sensor without one is not configured.
        senses: The same for senses.
        bridges: The same for bridges.
    """

    source: Source
    daemon: Daemon
    inference: Inference
    governor: Governor
    recording: Recording
    service: Service
    sensors: Mapping[str, Section]
    senses: Mapping[str, Section]
    bridges: Mapping[str, Section]


def find(name: str = "") -> Path:
    """The configuration file that a name stands for.

    Args:
        name: A path; or the name of a shipped one (`default`, `voice`, `mic_only`, `service`,
            `replay`); or empty: the user's own `sensorium.toml` where there is one, else the
            shipped default.

    Raises:
        ConfigError: When there is no such file.
    """
    room = folders.data_room("configs")
    if not name:
        own = folders.config_dir() / "sensorium.toml"
        return own if own.is_file() else room / "default.toml"
    shipped = sorted(path.stem for path in room.glob("*.toml"))
    if name in shipped:
        return room / f"{name}.toml"
    path = Path(name).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"{name}: there is no such configuration file",
            f"a path, or one of the shipped: {', '.join(shipped)}",
        )
    return path


def load(
    path: Path,
    *,
    sensors: Collection[str] | None = None,
    senses: Collection[str] | None = None,
    bridges: Collection[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Config:
    """Reads a configuration file.

    Args:
        path: See `find`.
        sensors: Names of the sensors that exist; None: not checked.
        senses: Names of the senses that exist; None: not checked.
        bridges: Names of the bridges that exist; None: not checked.
        overrides: Values that take the place of the file's, by dotted key (`sensors.replay.file`).

    Raises:
        ConfigError: Names file, line and key, and what is allowed.
    """
    source = Source.read(path, overrides)
    content = source.parse()
    check_names(content, _TABLES, "table", source, ())
    tables = {name: _table(content.get(name, {}), source, name) for name in _TABLES}
    daemon = decode(Daemon, tables["daemon"], source, ("daemon",))
    sections = _sections(tables["senses"], senses, source, "senses", "sense")
    bridging = _sections(tables["bridges"], bridges, source, "bridges", "bridge")
    service = decode(Service, tables["service"], source, ("service",))
    if daemon.workplace_or_education:
        _refuse_emotion(sections, bridging, source)
        service = replace(service, emotions=False)
    governor = decode(Governor, tables["governor"], source, ("governor",))
    if senses is not None:
        for name in ("priority", "longest_ms", "smaller"):
            check_names(getattr(governor, name), senses, "sense", source, ("governor", name))
    return Config(
        source=source,
        daemon=daemon,
        inference=decode(Inference, tables["inference"], source, ("inference",)),
        governor=governor,
        recording=decode(Recording, tables["recording"], source, ("recording",)),
        service=service,
        sensors=_sections(tables["sensors"], sensors, source, "sensors", "sensor"),
        senses=sections,
        bridges=bridging,
    )


def _refuse_emotion(
    senses: Mapping[str, Section], bridges: Mapping[str, Section], source: Source
) -> None:
    """No sense that estimates emotions: by its name, so that one of a later version is meant, too.

    Nor a bridge that passes them on.

    Raises:
        ConfigError: One is enabled; names it and the law.
    """
    for section in senses.values():
        if section.enabled and section.name.endswith("emotion"):
            raise source.error(
                (section.location, section.name),
                "estimates emotions, which workplace_or_education = true forbids: Regulation (EU) "
                "2024/1689 (AI Act), Art. 5(1)(f), prohibits it at workplaces and in education",
                f"write enabled = false in [senses.{section.name}]; only where Sensorium is used "
                "at neither, set workplace_or_education = false in [daemon]",
            )
    for section in bridges.values():
        if section.enabled and section.table.get("emotion"):
            raise section.error(
                "emotion",
                "passes on estimates of emotions, which workplace_or_education = true forbids",
                f"write emotion = false in [bridges.{section.name}]",
            )


def _sections(
    tables: Mapping[str, Any],
    known: Collection[str] | None,
    source: Source,
    location: str,
    what: str,
) -> dict[str, Section]:
    if known is not None:
        check_names(tables, known, what, source, (location,))
    sections = {}
    for name, given in tables.items():
        table = dict(_table(given, source, location, name))
        enabled = table.pop("enabled", True)
        if type(enabled) is not bool:
            raise source.error(
                (location, name, "enabled"), "is of the wrong type", "allowed: true or false"
            )
        sections[name] = Section(name, enabled, table, location, source)
    return sections


def _table(value: Any, source: Source, *place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise source.error(place, "must be a table", f"write [{'.'.join(place)}] and its keys")
    return value
