"""Records as plain values: every field under its name, as numpy reads the same bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sensorium import records
from sensorium.records.fields import Struct
from sensorium.records.plain import COUNTED, finite, to_dict


def filled(record: Struct) -> np.ndarray[Any, Any]:
    """Bytes of small numbers, so that no float is odd and counts stay within their arrays."""
    dice = np.random.default_rng(11)
    made = np.zeros(1, record.dtype)
    fill(made[0], record, dice)
    return made


def fill(row: Any, struct: Struct, dice: np.random.Generator) -> None:
    for field in struct.fields:
        if isinstance(field.type, Struct):
            entries = [row[field.name]] if field.count == 1 else row[field.name]
            for entry in entries:
                fill(entry, field.type, dice)
        elif field.type == "char":
            row[field.name] = b"word"
        else:
            row[field.name] = dice.integers(1, 100, row[field.name].shape)
    for count in COUNTED.get(struct.name, {}).values():
        row[count] = 3


def compare(told: dict[str, Any], row: Any, struct: Struct) -> None:
    counted = COUNTED.get(struct.name, {})
    for field in struct.fields:
        if field.name.startswith("_pad"):
            continue
        value, expected = told[field.name], row[field.name]
        valid = 3 if field.name in counted else field.count
        if isinstance(field.type, Struct):
            if field.count == 1:
                compare(value, expected, field.type)
            else:
                assert len(value) == valid
                for one, entry in zip(value, expected[:valid], strict=True):
                    compare(one, entry, field.type)
        elif field.type == "char":
            assert value == "word"
        elif field.count == 1:
            assert value == expected
        else:
            assert value == expected[:valid].tolist()


@pytest.mark.parametrize("number", sorted(records.BY_ID))
def test_every_field_is_told_as_numpy_reads_it(number: int) -> None:
    record = records.BY_ID[number]
    made = filled(record)

    compare(to_dict(record, made.tobytes()), made[0], record)


def test_counts_name_fields_that_there_are() -> None:
    known: dict[str, Struct] = {}

    def note(struct: Struct) -> None:
        known[struct.name] = struct
        for field in struct.fields:
            if isinstance(field.type, Struct):
                note(field.type)

    for record in records.BY_ID.values():
        note(record)
    for name, arrays in COUNTED.items():
        names = {field.name for field in known[name].fields}
        assert names >= {*arrays, *arrays.values()}


def test_what_json_does_not_have_becomes_null() -> None:
    assert finite({"a": [1.0, float("nan")], "b": (float("inf"), "x")}) == {
        "a": [1.0, None], "b": [None, "x"],
    }
