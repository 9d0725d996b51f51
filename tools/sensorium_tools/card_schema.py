"""The card's schema as JSON Schema, from the same tables that read it.

`python -m sensorium_tools.card_schema` writes `engines/card.schema.json` anew; an editor that
knows TOML completes and checks a card with it.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from sensorium import folders
from sensorium.inference.card import FORMAT, TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE_NAME = "card.schema.json"
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    tables = {
        name: _table(kind) if often in ("one", "default")
        else {"type": "array", "items": _table(kind)}
        for name, (kind, often) in TABLES.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Sensorium engine card, format {FORMAT}",
        "type": "object",
        "properties": tables,
        "required": [name for name, (_, often) in TABLES.items() if often in ("one", "several")],
        "additionalProperties": False,
    }


def to_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=1) + "\n"


def _table(kind: type[Any]) -> dict[str, Any]:
    kinds = get_type_hints(kind)
    fields = dataclasses.fields(kind)
    return {
        "type": "object",
        "description": (kind.__doc__ or "").partition("\n")[0],
        "properties": {field.name: _key(field, kinds[field.name]) for field in fields},
        "required": [
            field.name for field in fields
            if field.default is field.default_factory is dataclasses.MISSING
        ],
        "additionalProperties": False,
    }


def _key(field: dataclasses.Field[Any], kind: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"description": field.metadata["doc"]}
    if field.default is not dataclasses.MISSING:
        said["default"] = field.default
    limits: dict[str, Any] = {}
    if "choices" in field.metadata:
        limits["enum"] = list(field.metadata["choices"])
    for ours, theirs in (("min", "minimum"), ("max", "maximum")):
        if ours in field.metadata:
            limits[theirs] = field.metadata[ours]
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        names = [_TYPES[part] for part in get_args(inner) or (inner,)]
        return {
            **said, "type": "array",
            "items": {"type": names[0] if len(names) == 1 else names, **limits},
        }
    return {**said, "type": _TYPES[kind], **limits}


def main(_arguments: Sequence[str]) -> int:
    """Writes the file."""
    (folders.data_room("engines") / FILE_NAME).write_text(to_text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
