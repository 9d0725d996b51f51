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
    """An input or output of a built engine.

    Attributes:
        name: Of the tensor.
        shape: Sizes; the name of an axis where it varies.
        type: Of its elements, as numpy calls it.
    """

    name: str
    shape: tuple[int | str, ...]
    type: str


@dataclass(frozen=True)
class Range:
    """How far an axis varies."""

    min: int
    typical: int
    max: int


@dataclass(frozen=True)
class Manifest:
    """A built engine.

    Attributes:
        name: Of its card.
        identity: Of its card when it was built; see `Card.identity`.
        key: Of all that it was made from: card, samples, versions of the tools.
        backend: A key of `BACKENDS`.
        precision: fp32, fp16 or int8.
        file: Name of the engine file, in the same folder.
        sha256: Of that file.
        labels: Names of its classes, in order.
        inputs: By order.
        outputs: By order.
        axes: Name of an axis to its range.
        processor: That it was judged on; see `processor`.
        files: All that lies in its folder, by name, with its sha256.
        built_with: Tool to version.
    """

    name: str
    identity: str
    key: str
    backend: str
    precision: str
    file: str
    sha256: str
    labels: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    axes: dict[str, Range]
    processor: str
    files: dict[str, str]
    built_with: dict[str, str]

    @property
    def rows(self) -> Range | None:
        """How far the axis varies along which runs may be joined and cut.

        It leads in every input and output and stands nowhere else, as rows do that have nothing to
        do with one another; None where there is none.
        """
        tensors = (*self.inputs, *self.outputs)
        leading = {tensor.shape[0] if tensor.shape else 1 for tensor in tensors}
        axis = leading.pop() if len(leading) == 1 else 1
        if not isinstance(axis, str) or any(axis in tensor.shape[1:] for tensor in tensors):
            return None
        return self.axes[axis]

    def sizes(self, tensor: Tensor, which: str = "max") -> tuple[int, ...]:
        """The shape of a tensor with its axes at their `min`, `typical` or `max`."""
        return tuple(
            size if isinstance(size, int) else int(getattr(self.axes[size], which))
            for size in tensor.shape
        )

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
                "axes": {
                    str(name): Range(**{key: int(size) for key, size in range_.items()})
                    for name, range_ in content["axes"].items()
                },
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise EngineError(f"{path}: damaged ({type(error).__name__}: {error})", remedy) from error
    if "/" in manifest.file or "\\" in manifest.file:
        raise EngineError(f"{path}: damaged (file is not a plain name)", remedy)
    return manifest


def _tensor(item: dict[str, object]) -> Tensor:
    shape = item["shape"]
    if not isinstance(shape, list) or not all(isinstance(size, int | str) for size in shape):
        raise ValueError("a shape is not a list of whole numbers and names")
    return Tensor(str(item["name"]), tuple(shape), str(item["type"]))
