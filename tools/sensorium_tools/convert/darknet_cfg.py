"""Reads a darknet .cfg: sections in brackets, each with `key=value` lines."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.errors import EngineError

_MAX_BYTES = 1 << 20
_MAX_NUMBER = 1 << 16
"""No size, stride or filter count of a real network is larger; a larger one is damage."""
_REMEDY = "check that the file is a darknet .cfg of a detector with layers that are known here"


@dataclass(frozen=True)
class Section:
    """One layer, or [net] itself.

    Attributes:
        where: What errors call it, with the line that it begins on.
        kind: The word in brackets.
        values: Key to what stands after `=`.
    """

    where: str
    kind: str
    values: dict[str, str]

    def number(self, key: str, default: int | None = None, *, low: int = 1) -> int:
        """A whole number of at least `low`.

        Raises:
            EngineError: When it is missing and has no default, or is no such number.
        """
        if key not in self.values and default is not None:
            return default
        numbers = self.numbers(key)
        if len(numbers) != 1 or not low <= numbers[0] <= _MAX_NUMBER:
            raise self.error(f"{key}={self.values[key]} is not a whole number from {low} on")
        return numbers[0]

    def numbers(self, key: str) -> list[int]:
        """Whole numbers with commas between them.

        Raises:
            EngineError: When the key is missing, or holds something else.
        """
        if key not in self.values:
            raise self.error(f"the key {key} is missing")
        try:
            return [int(word) for word in self.values[key].split(",")]
        except ValueError:
            raise self.error(f"{key}={self.values[key]} is not a list of whole numbers") from None

    def error(self, what: str) -> EngineError:
        """An error that names this section."""
        return EngineError(
            f"{self.where}: [{self.kind}]: {what}",
            _REMEDY,
        )


def parse(data: bytes, name: str) -> list[Section]:
    """The sections in their order; the first is [net].

    Args:
        data: Of the file.
        name: What errors call it.

    Raises:
        EngineError: When it is not a .cfg.
    """
    try:
        text = data[:_MAX_BYTES].decode("ascii")
    except UnicodeDecodeError as error:
        raise EngineError(
            f"{name}: not a darknet .cfg: byte {error.start} is not ASCII", _REMEDY
        ) from None
    sections: list[Section] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            sections.append(Section(f"{name}, line {number}", line[1:-1].strip(), {}))
            continue
        key, equals, value = line.partition("=")
        if not equals or not sections:
            raise EngineError(f"{name}, line {number}: neither [section] nor key=value", _REMEDY)
        sections[-1].values[key.strip()] = value.strip()
    if not sections or sections[0].kind != "net":
        raise EngineError(f"{name}: not a darknet .cfg: it does not begin with [net]", _REMEDY)
    return sections
