"""Records as plain values: every field under its name, as numpy reads the same bytes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from sensorium import records
from sensorium.records.fields import Struct
from sensorium.records.plain import COUNTED, finite, to_dict
from sensorium.service.events.record_text import text_of


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
    compare(json.loads(text_of(record, made.tobytes())), made[0], record)


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


def test_numbers_come_back_as_they_were_and_no_number_is_null() -> None:
    hand = records.HAND.zeros()
    for number in (0.1, -1e-30, 3.4e38, np.nan, np.inf, -np.inf, 16_777_217.0):
        hand["joints"]["radius"][0, 3] = number
        told = json.loads(text_of(records.HAND, hand.tobytes()))["joints"][3]["radius"]
        kept = hand["joints"]["radius"][0, 3]
        assert told is None if not np.isfinite(kept) else np.float32(told) == kept


def test_a_text_that_looks_like_no_number_stays() -> None:
    word = records.WAKE_WORD.zeros()
    word["phrase"], word["score"], word["likelihood"] = b'a,nan,"inf]', 0.5, np.nan

    told = json.loads(text_of(records.WAKE_WORD, word.tobytes()))

    assert (told["phrase"], told["score"], told["likelihood"]) == ('a,nan,"inf]', 0.5, None)


def test_fields_that_are_wanted_alone_are_told() -> None:
    hand = filled(records.HAND)
    only = frozenset({("side",), ("joints", "position"), ("joints", "flags")})
    whole = to_dict(records.HAND, hand.tobytes())

    told = json.loads(text_of(records.HAND, hand.tobytes(), only))

    joints = [{name: one[name] for name in ("position", "flags")} for one in whole["joints"]]
    assert told == {"side": whole["side"], "joints": joints}
    gesture = filled(records.GESTURE)
    told = json.loads(text_of(records.GESTURE, gesture.tobytes(), frozenset({("scores",)})))
    assert told == {"scores": to_dict(records.GESTURE, gesture.tobytes())["scores"]}
