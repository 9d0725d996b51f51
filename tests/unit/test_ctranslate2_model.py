"""CTranslate2's format, in files made by hand: each version, and every way to be damaged."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest

from sensorium.errors import EngineError
from sensorium_tools.convert.ctranslate2_model import read

ARRAYS = {
    "a/weight": np.arange(6, dtype=np.float16).reshape(2, 3),
    "b": np.array([1.5, -2.5], np.float32),
    "heads": np.array(6, np.int16),
    "whole": np.arange(4, dtype=np.int8),
}
CODES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}


def text(name: str) -> bytes:
    return struct.pack("<H", len(name) + 1) + name.encode() + b"\0"


def variable(name: str, values: np.ndarray, code: int | None = None) -> bytes:
    code = CODES[str(values.dtype)] if code is None else code
    return (
        text(name)
        + struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        + struct.pack("<BI", code, values.nbytes)
        + values.tobytes()
    )


def made(version=6, variables=None, aliases=(("tied", "b"),)) -> bytes:
    parts = [variable(*item) for item in ARRAYS.items()] if variables is None else variables
    return b"".join(
        (
            struct.pack("<I", version), text("WhisperSpec"), struct.pack("<II", 3, len(parts)),
            *parts, struct.pack("<I", len(aliases)),
            *(text(alias) + text(name) for alias, name in aliases),
        )
    )  # fmt: skip


@pytest.mark.parametrize("version", [4, 5, 6])
def test_values_are_what_was_written(version: int) -> None:
    model = read(made(version), "test")
    assert (model.specification, model.revision) == ("WhisperSpec", 3)
    for name, values in ARRAYS.items():
        assert model.variables[name].dtype == values.dtype
        np.testing.assert_array_equal(model.variables[name], values)
    np.testing.assert_array_equal(model.weight("tied", 2), ARRAYS["b"])
    assert model.weight("a/weight", 2, 3).dtype == np.float32
    assert model.scalar("heads") == 6
    assert model.has("b")
    assert not model.has("c")


def test_every_cut_is_an_engine_error() -> None:
    data = made()
    for length in range(len(data)):
        with pytest.raises(EngineError, match="test"):
            read(data[:length], "test")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (made(3), "version"), (made(7), "version"), (made() + b"\0", "follow its end"),
        (b"PK\3\4" + bytes(64), "version"),
        (made(variables=[variable("x", ARRAYS["b"])] * 2), "stands twice"),
        (made(variables=[variable("x", ARRAYS["b"], 5)], aliases=()), "the type 5"),
        (made(variables=[variable("x", ARRAYS["b"], 4)], aliases=()), "8 bytes"),
        (made(variables=[text("x") + b"\xff" + bytes(2000)]), "rank 255"),
        (made(variables=[b"\3\0\xff\xfe\0"]), "not text"), (made(variables=[b"\0\0"]), "not text"),
        (made(variables=[b"\3\0a\n\0"]), "not text"),
        (made(aliases=(("tied", "none"),)), "alias"), (made(aliases=(("b", "b"),)), "alias"),
        (made(variables=[text("x") + struct.pack("<B2IBI", 2, 2**32 - 1, 2**32 - 1, 0, 16)]),
         "16 bytes"),
    ],
)  # fmt: skip
def test_damage_is_named(data: bytes, says: str) -> None:
    with pytest.raises(EngineError, match=says) as caught:
        read(data, "test")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda model: model.weight("none", 2), "no variable none"),
        (lambda model: model.weight("b", 3), "must be"),
        (lambda model: model.weight("whole", 4), "int8"),
        (lambda model: model.scalar("b"), "must be"),
    ],
)
def test_what_is_not_there_is_named(ask, says: str) -> None:
    with pytest.raises(EngineError, match=says):
        ask(read(made(), "test"))


def test_values_that_are_not_finite_are_refused() -> None:
    model = read(made(variables=[variable("x", np.array([np.nan], np.float16))], aliases=()), "t")
    with pytest.raises(EngineError, match="not finite"):
        model.weight("x", 1)


@pytest.mark.parametrize("seed", range(30))
def test_garbled_bytes_are_an_engine_error_or_other_values(seed: int) -> None:
    noise = np.random.default_rng(seed)
    for _ in range(40):
        data = bytearray(made())
        for place in noise.integers(0, len(data), noise.integers(1, 6)):
            data[place] = noise.integers(0, 256)
        with contextlib.suppress(EngineError):
            read(bytes(data), "test")
