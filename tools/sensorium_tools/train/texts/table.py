"""The rows of a CSV file, a text and its label each, in bounded memory."""

from __future__ import annotations

import csv
import random
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sensorium.errors import EngineError
from sensorium_tools.train.texts.encoding import check_is_text, encoding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TextIO

    from sensorium_tools.progress import Progress

MOST_ROWS = 100_000
"""Of more than these a sample is drawn, so that memory is bounded."""
MOST_CHARACTERS = 2_000
"""Of a text: no model reads as far."""
LONGEST_LABEL = 200
_FIELD = 1 << 20
_DELIMITERS = ",;\t|"
_DAMAGE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffd]")
"""Control characters, half surrogate pairs, and what stands for bytes that could not be read."""
_AT_ONCE = 2_000
"""Rows between two looks at how far the file is read."""


class Row(NamedTuple):
    """A text and the name of its class."""

    text: str
    label: str


@dataclass(frozen=True)
class Table:
    """What a file holds.

    Attributes:
        rows: At most `MOST_ROWS`, in the file's order.
        encoding: That it was read in.
        counts: Rows by what was found of them: "rows" in all; "short" ones without the columns,
            "empty" ones without a text or label, "long labels", all three left out; "damaged"
            ones with characters that were taken out; "cut" ones, of which the first characters
            stay; "not drawn" ones, where there are too many.
    """

    rows: list[Row]
    encoding: str
    counts: dict[str, int]


def read(
    path: Path, progress: Progress, *, text: str = "text", label: str = "label",
    encoding: str = "", seed: int = 0,
) -> Table:
    """Reads a file.

    Args:
        path: CSV with a header; commas, semicolons, tabs or bars between its columns.
        progress: Told of each part.
        text: Name of the texts' column.
        label: Name of the labels' column.
        encoding: Of the file; empty: found.
        seed: Draws the sample of a file with too many rows.

    Raises:
        EngineError: When it is not there or cannot be read, or has not these columns.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise EngineError(f"{path}: {what}", "name a CSV file with the columns text and label")
    try:
        check_is_text(path, encoding)
        name, errors = encoding_of(path, encoding)
        with path.open(encoding=name, errors=errors, newline="") as file:
            delimiter, places = _columns(path, file, text, label)
            counts: Counter[str] = Counter()
            with progress.bytes(f"reading {path.name}", path.stat().st_size) as advance:
                records = _records(path, file, delimiter, advance)
                rows = _drawn(_rows(records, places, counts), counts, seed)
    except (OSError, UnicodeError, LookupError) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise EngineError(
            f"{path}: cannot be read: {said}", "check who may read it, and its --encoding"
        ) from error
    return Table(rows, name, dict(counts))


def _columns(path: Path, file: TextIO, text: str, label: str) -> tuple[str, tuple[int, int]]:
    """What parts the columns, and which are the text's and the label's."""
    first = file.readline(_FIELD)
    found: list[str] = []
    for delimiter in _DELIMITERS:
        names = [
            name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])
        ]
        places = [_place(names, wanted) for wanted in (text, label)]
        if places[0] is not None and places[1] is not None and places[0] != places[1]:
            return delimiter, (places[0], places[1])
        if len(names) > len(found):
            found = names
    missing = " and ".join(
        repr(wanted) for wanted in (text, label) if _place(found, wanted) is None
    ) or "two different ones"
    there = ", ".join(repr(name[:40]) for name in found[:20]) or "none"
    raise EngineError(
        f"{path}: its first line does not name the columns {missing}; there are: {there}",
        "name the columns in the file's first line; other names by --text COLUMN --label COLUMN",
    )


def _place(names: list[str], wanted: str) -> int | None:
    if wanted in names:
        return names.index(wanted)
    low = [name.casefold() for name in names]
    return low.index(wanted.casefold()) if low.count(wanted.casefold()) == 1 else None


def _records(
    path: Path, file: TextIO, delimiter: str, advance: Callable[[int], None]
) -> Iterator[list[str]]:
    csv.field_size_limit(_FIELD)
    reader = csv.reader(file, delimiter=delimiter)
    told = 0
    try:
        for number, record in enumerate(reader, 1):
            yield record
            if number % _AT_ONCE == 0:
                at = file.buffer.tell()
                advance(at - told)
                told = at
    except csv.Error as error:
        raise EngineError(
            f"{path}, line {reader.line_num + 1}: {error}",
            'close the quote that begins in or before this line; write a quote in a text as ""',
        ) from error


def _rows(
    records: Iterator[list[str]], places: tuple[int, int], counts: Counter[str]
) -> Iterator[Row]:
    for record in records:
        if not record:
            continue
        counts["rows"] += 1
        if len(record) <= max(places):
            counts["short"] += 1
            continue
        text, label = (record[place] for place in places)
        clean, damaged = _clean(text)
        name = unicodedata.normalize("NFC", _clean(label)[0])
        if not clean or not name:
            counts["empty"] += 1
        elif len(name) > LONGEST_LABEL:
            counts["long labels"] += 1
        else:
            counts["damaged"] += damaged
            counts["cut"] += len(clean) > MOST_CHARACTERS
            yield Row(clean[:MOST_CHARACTERS].rstrip(), name)


def _clean(text: str) -> tuple[str, bool]:
    """A text without what is no text, single blanks in it; and whether anything was there."""
    plain = _DAMAGE.sub(" ", text)
    return " ".join(plain.split()), plain != text


def _drawn(rows: Iterator[Row], counts: Counter[str], seed: int) -> list[Row]:
    """All rows, or a sample of them, each as likely (Vitter's algorithm R)."""
    draw = random.Random(seed)
    kept: list[tuple[int, Row]] = []
    for number, row in enumerate(rows):
        if number < MOST_ROWS:
            kept.append((number, row))
            continue
        counts["not drawn"] += 1
        place = draw.randrange(number + 1)
        if place < MOST_ROWS:
            kept[place] = (number, row)
    return [row for _, row in sorted(kept)]
