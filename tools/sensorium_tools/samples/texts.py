"""Texts with a class: film reviews, rated snippets, and lists of our own."""

from __future__ import annotations

import csv
import hashlib
import html
import io
from functools import partial
from typing import TYPE_CHECKING

from sensorium.errors import EngineError
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium_tools.samples.draft import Entry, Listing

NEUTRAL = 0.5
"""A rating from -4 to 4 that is nearer to 0 than this is neutral."""
MAX_CHARACTERS = 1000
"""What follows is cut off: no engine reads as far."""
_BREAK = "<br />"
_FIELD_BYTES = 1 << 20
_LABELS = {"0": "negative", "1": "positive"}


def reviews(listing: Listing) -> Iterator[Draft]:
    """A CSV file with the columns text and label, 0 or 1: see `samples.readers`."""
    for entry in listing.entries:
        csv.field_size_limit(_FIELD_BYTES)
        try:
            rows = list(csv.DictReader(io.StringIO(decoded(entry))))
        except csv.Error as error:
            raise EngineError(f"{entry.place}: not CSV: {error}", "replace it") from error
        for number, row in enumerate(rows, 1):
            text, label = row.get("text") or "", row.get("label") or ""
            if label not in _LABELS:
                raise EngineError(
                    f"{entry.place}: row {number} has no label 0 or 1", "replace it"
                )
            plain = " ".join(text.replace(_BREAK, " ").split())[:MAX_CHARACTERS]
            if plain:
                yield _draft(listing, f"{number:05d}", plain, _LABELS[label], plain)


def rated(listing: Listing) -> Iterator[Draft]:
    """Lines of number, rating and text, tabs between them: see `samples.readers`.

    The number's part before `_` is the article that a snippet is from.
    """
    for entry in listing.entries:
        stem = entry.path.rsplit("/", 1)[-1].split("_", 1)[0]
        for number, line in enumerate(decoded(entry).splitlines(), 1):
            parts = line.split("\t", 2)
            if len(parts) != 3 or not parts[2].strip():
                continue
            try:
                rating = float(parts[1])
            except ValueError as error:
                raise EngineError(
                    f'{entry.place}, line {number}: "{parts[1][:20]}" is no rating', "replace it"
                ) from error
            article = f"{stem}/{parts[0].split('_', 1)[0]}"
            text = " ".join(html.unescape(parts[2]).split())[:MAX_CHARACTERS]
            yield _draft(listing, f"{stem}-{number:05d}", text, _sentiment(rating), article)


def labelled(listing: Listing) -> Iterator[Draft]:
    """Lines of class and text, a tab between them: see `samples.readers`."""
    for entry in listing.entries:
        for number, line in enumerate(decoded(entry).splitlines(), 1):
            if not line.strip():
                continue
            word, _, text = (part.strip() for part in line.partition("\t"))
            if not word or not text:
                raise EngineError(
                    f"{entry.place}, line {number}: needs a class, a tab and a text", "mend it"
                )
            yield _draft(listing, f"{entry.path}-{number:04d}", text, word, text)


def decoded(entry: Entry) -> str:
    """A file as text.

    Raises:
        EngineError: When it is not UTF-8.
    """
    try:
        return entry.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EngineError(f"{entry.place}: not UTF-8 text: {error}", "replace it") from error


def _sentiment(rating: float) -> str:
    if abs(rating) < NEUTRAL:
        return "neutral"
    return "positive" if rating > 0 else "negative"


def _draft(listing: Listing, name: str, text: str, word: str, derived: str) -> Draft:
    """A draft whose origin is what its text is derived from: equal texts are on one side."""
    digest = hashlib.sha256(derived.casefold().encode()).hexdigest()[:16]
    return Draft(name, digest, partial(
        Sample, f"{listing.source.name}/{name}", "text", text, {"class": word}, digest
    ))
