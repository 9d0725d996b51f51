"""What a set's manifest says: where its samples come from, under which licence, on which side."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sensorium.config import Source as File
from sensorium.config import decode
from sensorium.config.options import check_names
from sensorium.errors import CardError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sensorium.config.source import Place

Options = TypeVar("Options")

FILE_NAME = "manifest.toml"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
FORMAT = 1
KINDS = ("sound", "hand", "image", "text", "motion")
PARTS = ("calibration", "evaluation")
READERS = ("image", "face", "sound", "prompts", "hand", "reviews", "intents", "rated", "labelled")
"""What can read a source's files; `samples.readers` has one function for each."""
GENERATORS = ("hands", "speech", "mouths", "motions")
"""What can make samples; `samples.generators` has one function for each."""


def _key(doc: str, *, default: Any = ..., **limits: Any) -> Any:
    metadata = {"doc": doc, **limits}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Identity:
    """Table [set]: what it is called, and what its samples are."""

    format: int = _key("Of this file.", min=FORMAT, max=FORMAT)
    name: str = _key("The folder's name.")
    title: str = _key("One line for a person.")
    kind: str = _key("Of each sample.", choices=KINDS)


@dataclass(frozen=True)
class Source:
    """One [[sources]]: samples that came from one place."""

    name: str = _key("Unique in the set.")
    kind: str = _key(
        "A pinned archive of the package index, a generator of ours, files of a package of the "
        "operating system (left out where they are not there), or files beside the manifest.",
        choices=("package", "generator", "system", "folder"),
    )
    part: str = _key(
        "What they are for; split: each origin is on one side, half of them on each.",
        choices=(*PARTS, "split"),
    )
    licence: str = _key("SPDX name, or \"none stated\".")
    licence_from: str = _key("Where it is stated.")
    redistribution: bool = _key("Whether a copy may be passed on; else it is only fetched.")
    truth: str = _key("How what is known of the samples is known.")
    reader: str = _key(
        "What reads the files (package, system, folder).", default="", choices=("", *READERS)
    )
    paths: tuple[str, ...] = _key(
        "Of the files; `*` stands for any characters, `**` for any folders, `!` steps into an "
        "archive within the archive (package, system, folder).",
        default=(),
    )
    package: str = _key("Name in the package index (package).", default="")
    version: str = _key("Pinned (package).", default="")
    file: str = _key("The archive's name (package).", default="")
    sha256: str = _key("Of the archive, 64 hex digits (package).", default="")
    folder: str = _key("Where the files lie, absolute (system).", default="")
    install: str = _key("The command that brings the files (system).", default="")
    generator: str = _key(
        "What makes the samples (generator).", default="", choices=("", *GENERATORS)
    )
    augment: int = _key(
        "How many altered copies are made of each file (image, face), or more sentences of each "
        "template (intents).",
        default=0, min=0, max=1000,
    )
    seed: int = _key("Of everything random in it.", default=0, min=0, max=(1 << 31) - 1)


@dataclass(frozen=True)
class Label:
    """One [[labels]]: what is known of one file, as a person saw it."""

    source: str = _key("Name of the source.")
    path: str = _key("Of the file, as the source has it.")
    classes: tuple[str, ...] = _key(
        "Names that are right for it, the best first.", default=()
    )
    face: tuple[int, ...] = _key(
        "Left, top, right and bottom of the face in pixels.", default=(), min=0, max=1 << 16
    )
    person: str = _key("Who it is; files of one person stay on one side.", default="")
    text: str = _key("What is said in it.", default="")
    clean: bool = _key(
        "Whether a voice is alone in it, so that its energy tells when somebody speaks.",
        default=False,
    )

    def __post_init__(self) -> None:
        if self.face and (
            len(self.face) != 4 or self.face[0] >= self.face[2] or self.face[1] >= self.face[3]
        ):
            raise ValueError("face needs left < right and top < bottom: four numbers")


@dataclass(frozen=True)
class Manifest:
    """A whole set.

    Attributes:
        folder: Where it lies.
        text: The file's content.
        set: Name and kind.
        sources: In the file's order.
        options: Of each source, its table [sources.options], not yet decoded.
        labels: What is known of single files.
        file: The file, to name a line of it.
    """

    folder: Path
    text: str
    set: Identity
    sources: tuple[Source, ...]
    options: tuple[Mapping[str, Any], ...]
    labels: tuple[Label, ...]
    file: File

    @property
    def name(self) -> str:
        """The set's name."""
        return self.set.name

    def labels_of(self, source: Source, path: str) -> tuple[Label, ...]:
        """What is known of a file: one label for each face in it; may be none."""
        return tuple(
            label for label in self.labels if label.source == source.name and label.path == path
        )

    def decode_options(self, source: Source, options: type[Options]) -> Options:
        """The table [sources.options] of a source.

        Raises:
            CardError: Names file, line and key, and what is allowed.
        """
        index = self.sources.index(source)
        try:
            return decode(options, self.options[index], self.file, ("sources", index, "options"))
        except ConfigError as error:
            raise CardError(error.message, error.remedy) from error


_SHA256 = re.compile(r"[0-9a-f]{64}")
_NEEDS = {
    "package": ("package", "version", "file", "sha256", "paths", "reader"),
    "generator": ("generator",),
    "system": ("folder", "install", "paths", "reader"),
    "folder": ("paths", "reader"),
}
_OPTIONAL = {"package": ("augment",), "folder": ("augment",), "system": ("augment",),
             "generator": ()}
_OF_A_KIND = (
    "package", "version", "file", "sha256", "paths", "reader", "folder", "install", "generator",
    "augment",
)


def read(folder: Path) -> Manifest:
    """Reads `folder`/manifest.toml.

    Raises:
        CardError: Names file, line and key, and what is allowed.
    """
    try:
        file = File.read(folder / FILE_NAME)
        return _manifest(folder, file)
    except ConfigError as error:
        raise CardError(error.message, error.remedy) from error


def _manifest(folder: Path, file: File) -> Manifest:
    content = file.parse()
    check_names(content, ("set", "sources", "labels"), "table", file, ())
    table = content.get("set")
    if not isinstance(table, dict):
        raise file.error(("set",), "the table is missing", "write [set] and its keys")
    identity = decode(Identity, table, file, ("set",))
    if identity.name != folder.name or not NAME.fullmatch(identity.name):
        raise file.error(
            ("set", "name"), f'"{identity.name}" is not the folder\'s name', folder.name
        )
    tables = _tables(content, "sources", file)
    if not tables:
        raise file.error(("sources",), "there is none", "write [[sources]] and its keys")
    options = []
    sources: list[Source] = []
    for index, own in enumerate(tables):
        more = own.pop("options", {})
        place = ("sources", index)
        source = decode(Source, own, file, place)
        if not isinstance(more, dict) or (more and source.kind != "generator"):
            raise file.error(
                (*place, "options"), "has no meaning here", 'a table, with kind = "generator"'
            )
        _check_source(source, sources, file, place)
        sources.append(source)
        options.append(more)
    labels = tuple(
        decode(Label, own, file, ("labels", index))
        for index, own in enumerate(_tables(content, "labels", file))
    )
    names = {source.name for source in sources}
    for index, label in enumerate(labels):
        if label.source not in names:
            raise file.error(
                ("labels", index, "source"), f'there is no source "{label.source}"',
                f"allowed: {', '.join(sorted(names))}",
            )
    return Manifest(folder, file.text, identity, tuple(sources), tuple(options), labels, file)


def _tables(content: Mapping[str, Any], name: str, file: File) -> list[dict[str, Any]]:
    tables = content.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise file.error((name,), "is not an array of tables", f"write [[{name}]]")
    return tables


def _check_source(source: Source, before: list[Source], file: File, place: Place) -> None:
    if not NAME.fullmatch(source.name) or source.name in {other.name for other in before}:
        raise file.error(
            (*place, "name"), f'"{source.name}" is not allowed',
            "small letters, digits and hyphens, and no other source's name",
        )
    for key in _OF_A_KIND:
        needed, given = key in _NEEDS[source.kind], bool(getattr(source, key))
        if needed and not given:
            raise file.error(place, f"the key {key} is missing", f'kind = "{source.kind}" needs it')
        if given and not needed and key not in _OPTIONAL[source.kind]:
            raise file.error((*place, key), f'has no meaning with kind = "{source.kind}"')
    if source.kind == "package" and not _SHA256.fullmatch(source.sha256):
        raise file.error(
            (*place, "sha256"), f'"{source.sha256[:20]}" is not a sha256',
            "64 hex digits, lower case",
        )
    if "/" in source.file or "\\" in source.file:
        raise file.error((*place, "file"), f'"{source.file}" is not a plain file name')
    for path in source.paths:
        parts = path.split("/")
        if "" in parts or ".." in parts or "\\" in path or any(
            "**" in part and part != "**" for part in parts
        ):
            raise file.error(
                (*place, "paths"), f'"{path}" is not allowed',
                "a path inside, with / between its parts",
            )
