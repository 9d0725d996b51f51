"""What stands beside a built engine: which file, its hash, and what it was built from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sensorium.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "engine.json"


@dataclass(frozen=True)
class Tensor:
    """An input or output of a built engine: its name, fixed shape and numpy type."""

    name: str
    shape: tuple[int, ...]
    type: str


@dataclass(frozen=True)
class Manifest:
    """A built engine.

    Attributes:
        name: Of its card.
        identity: Of its card when it was built; see `Card.identity`.
        backend: A key of `BACKENDS`.
        precision: fp32.
        file: Name of the engine file, in the same folder.
        sha256: Of that file.
        labels: Names of its classes, in order.
        inputs: By order.
        outputs: By order.
        built_with: Tool to version.
    """

    name: str
    identity: str
    backend: str
    precision: str
    file: str
    sha256: str
    labels: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    built_with: dict[str, str]

    def to_json(self) -> str:
        """The manifest as text; the same manifest gives the same bytes."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


def read(path: Path, remedy: str) -> Manifest:
    """Reads a manifest.

    Args:
        path: Of `engine.json`.
        remedy: The command that writes it anew.

    Raises:
        EngineError: When it is damaged.
        OSError: When it cannot be read.
    """
    text = path.read_bytes()
    try:
        content = json.loads(text)
        manifest = Manifest(
            **{
                **content,
                "labels": tuple(str(label) for label in content["labels"]),
                "inputs": tuple(_tensor(item) for item in content["inputs"]),
                "outputs": tuple(_tensor(item) for item in content["outputs"]),
            }
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise EngineError(f"{path}: damaged ({type(error).__name__}: {error})", remedy) from error
    if "/" in manifest.file or "\\" in manifest.file:
        raise EngineError(f"{path}: damaged (file is not a plain name)", remedy)
    return manifest


def _tensor(item: dict[str, object]) -> Tensor:
    shape = item["shape"]
    if not isinstance(shape, list) or not all(isinstance(size, int) for size in shape):
        raise ValueError("a shape is not a list of whole numbers")
    return Tensor(str(item["name"]), tuple(shape), str(item["type"]))
