"""What an engine card says: which model, from where, under which licence, with which shapes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sensorium.config import Source as File
from sensorium.config import decode
from sensorium.config.options import check_names
from sensorium.errors import CardError, ConfigError
from sensorium.inference import hub_folder
from sensorium.inference.card_objects import Objects
from sensorium.inference.card_tables import (
    Axis,
    Conversion,
    Evaluation,
    Gates,
    Identity,
    Memory,
    Port,
    Quantisation,
    Source,
    Target,
    Upstream,
    Weight,
    Words,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.config.source import Place

Options = TypeVar("Options")

FILE_NAME = "card.toml"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
FORMAT = 3
"""Raised when the same card must give another engine; every engine is then built anew."""

TABLES: dict[str, tuple[type[Any], str]] = {
    "engine": (Identity, "one"),
    "conversion": (Conversion, "default"),
    "sources": (Source, "several"),
    "weights": (Weight, "any"),
    "upstream": (Upstream, "default"),
    "inputs": (Port, "any"),
    "outputs": (Port, "any"),
    "axes": (Axis, "any"),
    "objects": (Objects, "default"),
    "quantisation": (Quantisation, "default"),
    "evaluation": (Evaluation, "default"),
    "gates": (Gates, "default"),
    "memory": (Memory, "default"),
    "words": (Words, "default"),
    "targets": (Target, "any"),
}
"""Name of a table to its keys and how often it stands: one, one or left out, several, any."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_NAME_BYTES = 128
"""Of a file's name: file systems take 255, and a sha256 and a dash may stand in front."""
_NEEDS = {
    "package": ("package", "version", "file", "sha256", "paths"),
    "upstream": ("urls",),
    "file": ("paths",),
    "folder": ("paths",),
}
_STATE_THEIR_OWN = ("onnx", *hub_folder.FILES)
"""Converters whose graphs say what inputs and outputs they have."""


@dataclass(frozen=True)
class Card:
    """A whole card.

    Attributes:
        folder: Where it lies.
        engine: Name, backend, labels.
        conversion: What makes a graph of the weights.
        sources: Places that have the weights, in order.
        weights: The files.
        upstream: Maker and licence.
        inputs: By order; empty where the graph's own serve.
        outputs: By order; empty where the graph's own serve.
        axes: Sizes that vary.
        quantisation: The recipe.
        evaluation: The task and its samples.
        gates: What a smaller precision must reach.
        memory: What it may take.
        targets: What it is built for.
        objects: How it detects objects, where it does.
        words: When it tells words, where it does.
    """

    folder: Path
    engine: Identity
    conversion: Conversion
    sources: tuple[Source, ...]
    weights: tuple[Weight, ...]
    upstream: Upstream
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    axes: tuple[Axis, ...]
    quantisation: Quantisation
    evaluation: Evaluation
    gates: Gates
    memory: Memory
    targets: tuple[Target, ...]
    objects: Objects = field(default_factory=Objects)
    words: Words = field(default_factory=Words)

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    @property
    def graph_identity(self) -> str:
        """Sha256 of all that decides the fp32 graph."""
        return _digest(
            {
                "format": FORMAT,
                "conversion": asdict(self.conversion),
                "labels": self.engine.labels,
                "weights": [weight.sha256 for weight in self.weights],
                "inputs": [(port.name, port.shape, port.type) for port in self.inputs],
                "outputs": [(port.name, port.shape, port.type) for port in self.outputs],
                "axes": [asdict(axis) for axis in self.axes],
            }
        )

    @property
    def identity(self) -> str:
        """Sha256 of what an engine is: the daemon refuses one of another identity.

        How it went to INT8 and what it was judged by are in the builder's own key.
        """
        return _digest({"graph": self.graph_identity, "backend": self.engine.backend})

    @property
    def places(self) -> tuple[tuple[Source, ...], ...]:
        """The sources, each with those that continue it."""
        found: list[tuple[Source, ...]] = []
        for source in self.sources:
            if source.continues:
                found[-1] += (source,)
            else:
                found.append((source,))
        return tuple(found)

    def axis(self, name: str) -> Axis:
        """The axis of a name."""
        return next(axis for axis in self.axes if axis.name == name)

    def sizes(self, port: Port, which: str = "typical") -> tuple[int, ...]:
        """The shape of a port with its axes at their `min`, `typical` or `max`."""
        return tuple(
            size if isinstance(size, int) else int(getattr(self.axis(size), which))
            for size in port.shape
        )

    def target(self, kind: str) -> Target | None:
        """The target of a kind, or None; where the card names none it is for the CPU."""
        targets = self.targets or (Target(),)
        return next((target for target in targets if target.kind == kind), None)


def read(folder: Path) -> Card:
    """Reads `folder`/card.toml.

    Raises:
        CardError: Names file, line and key, and what is allowed.
    """
    try:
        file = File.read(folder / FILE_NAME)
        return _card(folder, file)
    except ConfigError as error:
        raise CardError(error.message, error.remedy) from error


def _card(folder: Path, file: File) -> Card:
    content = file.parse()
    check_names(content, TABLES, "table", file, ())
    tables: dict[str, Any] = {
        name: _one(kind, content, name, file, often == "default")
        if often in ("one", "default")
        else _several(kind, content, name, file, often == "any")
        for name, (kind, often) in TABLES.items()
    }
    card = hub_folder.with_files(Card(folder, **tables), file)
    if not card.weights:
        raise file.error(
            ("weights",), "the table is missing", "write [[weights]] and its keys"
        )
    if card.name != folder.name or not NAME.fullmatch(card.name):
        raise file.error(
            ("engine", "name"), f'"{card.name}" is not the folder\'s name', folder.name
        )
    if card.upstream.notice:
        _check_file_name(card.upstream.notice, file, ("upstream", "notice"))
    if card.conversion.converter not in _STATE_THEIR_OWN and not (card.inputs and card.outputs):
        raise file.error(
            ("inputs",), "the table is missing", "write [[inputs]] and [[outputs]] and their keys"
        )
    own = all(source.kind == "file" for source in card.sources)
    for index, weight in enumerate(card.weights):
        if weight.sha256 or not own:
            _check_sha256(weight.sha256, file, ("weights", index, "sha256"))
        _check_file_name(weight.name, file, ("weights", index, "name"))
    for index, source in enumerate(card.sources):
        _check_source(source, len(card.weights), file, ("sources", index))
        before = card.sources[index - 1] if index else None
        if source.continues and (source.kind, before and before.kind) != ("package", "package"):
            raise file.error(
                ("sources", index, "continues"), "has a meaning only for a package after a package"
            )
        if "" in source.paths and not source.continues:
            raise file.error(("sources", index, "paths"), "names an empty path")
    _check_axes(card, file)
    return card


def _one(
    kind: type[Options], content: dict[str, Any], name: str, file: File, may_miss: bool
) -> Options:
    table = content.get(name, {} if may_miss else None)
    if not isinstance(table, dict):
        raise file.error((name,), "the table is missing", f"write [{name}] and its keys")
    return decode(kind, table, file, (name,))


def _several(
    kind: type[Options], content: dict[str, Any], name: str, file: File, may_miss: bool
) -> tuple[Options, ...]:
    tables = content.get(name, [] if may_miss else None)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise file.error((name,), "the table is missing", f"write [[{name}]] and its keys")
    return tuple(decode(kind, table, file, (name, index)) for index, table in enumerate(tables))


def _check_source(source: Source, weights: int, file: File, place: Place) -> None:
    for key in ("package", "version", "file", "sha256", "paths", "urls"):
        needed, given = key in _NEEDS[source.kind], bool(getattr(source, key))
        if needed and not given:
            raise file.error(place, f"the key {key} is missing", f'kind = "{source.kind}" needs it')
        if given and not needed:
            raise file.error((*place, key), f'has no meaning with kind = "{source.kind}"')
    for key in ("paths", "urls"):
        given = getattr(source, key)
        if given and len(given) != weights:
            raise file.error(
                (*place, key), f"has {len(given)} entries, there are {weights} [[weights]]"
            )
    for url in source.urls:
        if not url.startswith("https://"):
            raise file.error((*place, "urls"), f'"{url}" is not an https address')
    if source.kind == "package":
        _check_sha256(source.sha256, file, (*place, "sha256"))
        _check_file_name(source.file, file, (*place, "file"))


def _check_axes(card: Card, file: File) -> None:
    known = {axis.name for axis in card.axes}
    for name, ports in (("inputs", card.inputs), ("outputs", card.outputs)):
        for index, port in enumerate(ports):
            for size in port.shape:
                if isinstance(size, str) and size not in known:
                    raise file.error(
                        (name, index, "shape"), f'there is no axis "{size}"',
                        f"write [[axes]] with name = \"{size}\" and its min, typical and max",
                    )


def _check_sha256(value: str, file: File, place: Place) -> None:
    if not _SHA256.fullmatch(value):
        raise file.error(place, f'"{value[:20]}" is not a sha256', "64 hex digits, lower case")


def _check_file_name(value: str, file: File, place: Place) -> None:
    plain = value not in ("", ".", "..") and value.isprintable() and not set(value) & set("/\\:")
    if not plain or len(value.encode()) > _MAX_NAME_BYTES:
        raise file.error(
            place, f"{value[:40]!r} is not a plain file name",
            f"1 to {_MAX_NAME_BYTES} bytes without a slash, colon or control character",
        )


def _digest(decisive: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
