"""Publishing 512 B from Python, every field of the header filled, beside iceoryx2's blackboard.

    python tests/benchmarks/publish.py [--json FILE]

The two take turns in one process, a thousand writes each, so that both meet the same machine.
Each write is timed by itself, which adds the timer's own 40 to 80 ns to every row, and a thousand
in a row are timed together, which adds nothing but the loop.
"""

from __future__ import annotations

import ctypes
import importlib.util
import time
import uuid
from typing import TYPE_CHECKING

from figures import Figures, percentiles

from sensorium import records
from sensorium.channels.catalogue import Channel
from sensorium.channels.layout import Kind
from sensorium.channels.reader import Reader
from sensorium.channels.region import Region, Waiters
from sensorium.channels.writer import Writer
from sensorium.health import Device, Precision, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 512
ROUNDS, A_ROUND = 200, 1000
IN_A_ROW = ", a thousand in a row"
PEER = "iceoryx2 blackboard write"
PEER_DESCRIBED = "iceoryx2 blackboard write, with our header's fields"


BLOCK = records.Record(
    "block", (records.fields.array("data", "u8", SIZE, "bytes"),), "512 B", id=99
)


class Payload(ctypes.Structure):
    """512 bytes as iceoryx2 takes them."""

    _fields_ = (("data", ctypes.c_uint8 * SIZE),)


class Described(ctypes.Structure):
    """The same with what our slots say of a record."""

    _fields_ = (
        ("capture_ns", ctypes.c_uint64),
        ("publish_ns", ctypes.c_uint64),
        ("length", ctypes.c_uint32),
        ("valid", ctypes.c_uint16),
        ("reason", ctypes.c_uint16),
        ("confidence", ctypes.c_float),
        ("flags", ctypes.c_uint16),
        ("data", ctypes.c_uint8 * SIZE),
    )


class Key(ctypes.Structure):
    """A blackboard's key."""

    _fields_ = (("number", ctypes.c_uint32),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.number == other.number

    def __hash__(self) -> int:
        return int(self.number)


def ours() -> dict[str, Callable[[], list[int]]]:
    """What of this project is measured: each call gives the ns of a thousand."""
    names = ("block", "slept_on")
    channels = [Channel(name, BLOCK, "bench", Kind.STATE, 4, 0, "none") for name in names]
    region = Region.create("bench", channels, 1)
    page = Waiters.create("bench")
    page.words[region.entry("slept_on").index] = 1
    data = bytes(range(256)) * 2
    writers = {name: Writer(region, name, page) for name in names}
    for writer in writers.values():
        writer.tag("gesture-recognizer", 0xABCD1234, Precision.INT8, Device.CPU)
    floor = bytearray(SIZE * 4)
    target = memoryview(floor)[SIZE : 2 * SIZE]
    reader = Reader(region, "block", BLOCK)
    clock = time.perf_counter_ns

    def copy() -> list[int]:
        spent = []
        for _ in range(A_ROUND):
            start = clock()
            target[:] = data
            spent.append(clock() - start)
        return spent

    def publish(name: str) -> list[int]:
        write, reason = writers[name].publish, Reason.NONE
        spent = []
        for _ in range(A_ROUND):
            start = clock()
            write(data, start, True, reason, 0.5, 1)
            spent.append(clock() - start)
        return spent

    def publish_in_a_row() -> list[int]:
        write, reason = writers["block"].publish, Reason.NONE
        begun = clock()
        for _ in range(A_ROUND):
            write(data, begun, True, reason, 0.5, 1)
        return [round((clock() - begun) / A_ROUND)]

    def poll() -> list[int]:
        read = reader.read
        spent = []
        for _ in range(A_ROUND):
            start = clock()
            read(start)
            spent.append(clock() - start)
        return spent

    return {
        "slice copy only (floor)": copy,
        "publish": lambda: publish("block"),
        f"publish{IN_A_ROW}": publish_in_a_row,
        "publish, channel that is slept on": lambda: publish("slept_on"),
        "unchanged poll from Python": poll,
    }


def iceoryx2_writes() -> dict[str, Callable[[], list[int]]]:
    """The peer's write, where its package is installed: as it is, and with what we say, too."""
    if importlib.util.find_spec("iceoryx2") is None:
        return {}
    import iceoryx2

    iceoryx2.set_log_level(iceoryx2.LogLevel.Error)
    node = iceoryx2.NodeBuilder.new().create(iceoryx2.ServiceType.Ipc)
    data = bytes(range(256)) * 2
    clock = time.perf_counter_ns
    alive = [node]

    def entry_of(kind: type[ctypes.Structure]) -> object:
        key = Key(number=0)
        name = iceoryx2.ServiceName.new(f"sensorium/{uuid.uuid4()}")
        service = node.service_builder(name).blackboard_creator(Key).add(key, kind()).create()
        writer = service.writer_builder().create()
        alive.extend((service, writer))
        return writer.entry(key, kind).update_with_copy

    update, payload = entry_of(Payload), Payload()
    update_described, described = entry_of(Described), Described()
    address = ctypes.addressof(described) + Described.data.offset

    def write() -> list[int]:
        spent = []
        for _ in range(A_ROUND):
            start = clock()
            update(payload)
            spent.append(clock() - start)
        return spent

    def write_described() -> list[int]:
        spent = []
        for _ in range(A_ROUND):
            start = clock()
            described.capture_ns = start
            described.publish_ns = clock()
            described.length = SIZE
            described.valid = 1
            described.reason = 0
            described.confidence = 0.5
            described.flags = 1
            ctypes.memmove(address, data, SIZE)
            update_described(described)
            spent.append(clock() - start)
        return spent

    def write_in_a_row() -> list[int]:
        begun = clock()
        for _ in range(A_ROUND):
            update(payload)
        return [round((clock() - begun) / A_ROUND)]

    return {
        PEER: write, f"{PEER}{IN_A_ROW}": write_in_a_row, PEER_DESCRIBED: write_described,
    }


def main() -> None:
    """Measures and prints."""
    cases = {**ours(), **iceoryx2_writes()}
    spent: dict[str, list[int]] = {name: [] for name in cases}
    for batch in cases.values():
        batch()
    for _ in range(ROUNDS):
        for name, batch in cases.items():
            spent[name] += batch()
    columns = ("case", "p50 ns", "p99 ns", "p99.9 ns", "max ns")
    figures = Figures("Publish 512 B from Python", columns)
    for name, values in spent.items():
        found = percentiles(values)
        figures.row(name, found["p50"], found["p99"], found["p99.9"], found["max"])
    publish = percentiles(spent["publish"])["p50"]
    figures.goal("publish p50, ns", publish, 1000)
    for own, theirs in (
        ("publish", PEER), (f"publish{IN_A_ROW}", f"{PEER}{IN_A_ROW}"), ("publish", PEER_DESCRIBED),
    ):
        if theirs in spent:
            ratio = percentiles(spent[theirs])["p50"] / percentiles(spent[own])["p50"]
            figures.goal(f"{theirs} / {own}, p50", ratio, 2, at_most=False)
    figures.show()


if __name__ == "__main__":
    main()
