"""PyTorch files are read as data; what attacks whoever unpickles them is refused, and never run."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from sensorium.errors import EngineError
from sensorium_tools.convert import torch_file


class Named:
    """Pickles as a call of a name with arguments."""

    def __init__(self, name: str, *arguments: object) -> None:
        self.name, self.arguments = name, arguments


class Stored:
    def __init__(self, kind: str, key: str, count: int) -> None:
        self.kind, self.key, self.count = kind, key, count


class Attack:
    """What pickle itself would run when it reads this."""

    def __init__(self, function, *arguments) -> None:
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def dump(value: object) -> bytes:
    """A pickle of protocol 2 as PyTorch writes it; names are written by hand."""
    out = io.BytesIO(b"")
    out.write(b"\x80\x02")

    def text(words: str) -> None:
        data = words.encode()
        out.write(b"X" + struct.pack("<I", len(data)) + data)

    def write(item: object) -> None:
        if isinstance(item, Named):
            module, _, inner = item.name.rpartition(".")
            out.write(f"c{module}\n{inner}\n".encode())
            write(tuple(item.arguments))
            out.write(b"R")
        elif isinstance(item, Stored):
            out.write(b"(")
            text("storage")
            module, _, inner = item.kind.rpartition(".")
            out.write(f"c{module}\n{inner}\n".encode())
            text(item.key)
            text("cpu")
            write(item.count)
            out.write(b"Nt" + b"Q")
        elif isinstance(item, dict):
            write(Named("collections.OrderedDict"))
            for key, inner_item in item.items():
                write(key)
                write(inner_item)
                out.write(b"s")
        elif isinstance(item, tuple):
            out.write(b"(")
            for inner_item in item:
                write(inner_item)
            out.write(b"t")
        elif isinstance(item, bool):
            out.write(b"\x88" if item else b"\x89")
        elif isinstance(item, int):
            out.write(b"J" + struct.pack("<i", item))
        elif isinstance(item, str):
            text(item)
        else:
            raise TypeError(type(item))

    write(value)
    return out.getvalue() + b"."


def tensor(shape, strides, *, key="0", kind="torch.FloatStorage", offset=0, count=6) -> Named:
    return Named(
        "torch._utils._rebuild_tensor_v2", Stored(kind, key, count), offset, shape, strides, False,
        Named("collections.OrderedDict"),
    )


def legacy(content: bytes, storages: dict[str, np.ndarray]) -> bytes:
    head = [pickle.dumps(value, 2) for value in (
        0x1950A86A20F9469CFC6C, 1001,
        {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}},
    )]
    tail = b"".join(
        struct.pack("<q", values.size) + values.tobytes() for values in storages.values()
    )
    return b"".join(head) + content + pickle.dumps(list(storages), 2) + tail


def zipped(content: bytes, storages: dict[str, np.ndarray], **more: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model/data.pkl", content)
        for key, values in storages.items():
            archive.writestr(f"model/data/{key}", values.tobytes())
        for name, data in more.items():
            archive.writestr(f"model/{name}", data)
    return file.getvalue()


FORMATS = [legacy, zipped]
SIX = np.arange(6, dtype=np.float32)


@pytest.mark.parametrize("made", FORMATS)
def test_tensors_come_with_names_shapes_and_strides(made) -> None:
    content = dump({
        "step": 7,
        "state": {
            "a": tensor((2, 3), (3, 1)),
            "turned": tensor((3, 2), (1, 3)),
            "tail": Named("torch._utils._rebuild_parameter", tensor((2,), (1,), offset=4), True,
                          Named("collections.OrderedDict")),
            "whole": tensor((2,), (1,), key="1", kind="torch.LongStorage", count=2),
        },
    })
    long = np.array([1 << 40, -1])
    read = torch_file.read(made(content, {"0": SIX, "1": long}), "test")
    assert sorted(read) == ["state.a", "state.tail", "state.turned", "state.whole"]
    np.testing.assert_array_equal(read["state.a"], SIX.reshape(2, 3))
    np.testing.assert_array_equal(read["state.turned"], SIX.reshape(2, 3).T)
    np.testing.assert_array_equal(read["state.tail"], [4, 5])
    np.testing.assert_array_equal(read["state.whole"], long)


def attacks(folder) -> dict[str, bytes]:
    """Every way that pickle offers to run something; each would leave a file behind."""
    mark = str(folder / "ran")
    made = {}
    for protocol in range(5):
        calls = {
            "system": Attack(os.system, f"touch {mark}"),
            "eval": Attack(eval, f"open({mark!r}, 'w')"),
            "open": Attack(open, mark, "w"),
            "nested": {"weight": [(Attack(os.system, f"touch {mark}"),)]},
            "getattr": Attack(getattr, Attack(__import__, "os"), "system"),
        }
        for name, value in calls.items():
            made[f"{name}{protocol}"] = pickle.dumps(value, protocol)
    made["by hand"] = dump(Named("os.system", f"touch {mark}"))
    made["in a tensor"] = dump({"w": Named("torch._utils._rebuild_tensor_v2",
                                           Named("builtins.exec", f"open({mark!r}, 'w')"))})
    made["a storage's class"] = dump(tensor((1,), (1,), kind="os.system"))
    made["instance"] = f"(S'touch {mark}'\nios\nsystem\n.".encode()
    made["object"] = f"(cos\nsystem\nS'touch {mark}'\no.".encode()
    made["state"] = b"\x80\x02cos\nsystem\n}b."
    made["new object"] = b"\x80\x02cos\nsystem\n)\x81."
    made["extension"] = b"\x80\x02\x82\x01."
    return made


@pytest.mark.parametrize("made", FORMATS)
def test_what_attacks_is_refused_and_never_run(made, tmp_path) -> None:
    for name, content in attacks(tmp_path).items():
        with pytest.raises(EngineError) as caught:
            torch_file.read(made(content, {"0": SIX}), "test")
        print(f"{name}: {caught.value}")
        assert "wants to run" in caught.value.message, name
        assert "do not use this file" in caught.value.remedy
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "torch.nn.Linear",
                                  "collections.defaultdict", "torch._utils._rebuild_qtensor"])
def test_the_refused_class_is_named(name: str) -> None:
    with pytest.raises(EngineError, match=name):
        torch_file.read(legacy(dump(Named(name, "x")), {}), "test")


@pytest.mark.parametrize("made", FORMATS)
@pytest.mark.parametrize(
    "bad",
    [
        tensor((7,), (1,)), tensor((2,), (6,)), tensor((2,), (1,), offset=5),
        tensor((1 << 30, 1 << 30), (0, 0)), tensor((-1,), (1,)), tensor((2,), (-1,)),
        tensor((2,), (1, 1)), tensor((1,) * 9, (1,) * 9), tensor((0,), (1,)),
        tensor((2,), (1,), offset=-1), tensor((2,), (1,), key="9"),
        Named("torch._utils._rebuild_tensor_v2", 1, 0, (1,), (1,)),
        Named("torch._utils._rebuild_tensor_v2"),
        Named("torch._utils._rebuild_parameter", 3),
    ],
)
def test_a_tensor_that_does_not_fit_is_an_engine_error(made, bad: Named) -> None:
    with pytest.raises(EngineError):
        torch_file.read(made(dump({"w": bad}), {"0": SIX}), "test")


@pytest.mark.parametrize("made", FORMATS)
def test_a_file_that_is_cut_off_is_an_engine_error(made) -> None:
    whole = made(dump({"w": tensor((6,), (1,))}), {"0": SIX})
    for length in range(len(whole)):
        with pytest.raises(EngineError):
            torch_file.read(whole[:length], "test")


@pytest.mark.parametrize("made", FORMATS)
@pytest.mark.parametrize("seed", range(30))
def test_a_garbled_file_is_an_engine_error_or_other_numbers(made, seed: int) -> None:
    noise = np.random.default_rng(seed)
    whole = bytearray(made(dump({"w": tensor((2, 3), (3, 1))}), {"0": SIX}))
    for _ in range(40):
        garbled = bytearray(whole)
        for place in noise.integers(0, len(garbled), noise.integers(1, 6)):
            garbled[place] = noise.integers(0, 256)
        with contextlib.suppress(EngineError):
            read = torch_file.read(bytes(garbled), "test")
            assert all(isinstance(values, np.ndarray) for values in read.values())


def test_a_compressed_or_foreign_zip_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data.pkl", bytes(1 << 20))
    with pytest.raises(EngineError, match="compressed"):
        torch_file.read(file.getvalue(), "test")
    big_endian = zipped(dump({}), {}, byteorder=b"big")
    with pytest.raises(EngineError, match="little-endian"):
        torch_file.read(big_endian, "test")


def test_a_dict_within_itself_ends() -> None:
    content = b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."
    assert torch_file.read(legacy(content, {}), "test") == {}


def test_a_state_dict_of_a_real_ordered_dict_is_read() -> None:
    content = pickle.dumps(OrderedDict(a=1, b=OrderedDict()), 2)
    assert torch_file.read(legacy(content, {}), "test") == {}
