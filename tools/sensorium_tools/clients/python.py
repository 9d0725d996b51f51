"""The Python client: one file that imports the standard library only."""

from __future__ import annotations

import sensorium
from sensorium import health
from sensorium.channels import layout
from sensorium.channels.catalogue import REGIONS
from sensorium.records import Struct
from sensorium_tools.clients import shapes
from sensorium_tools.clients.shapes import CURRENT, Source
from sensorium_tools.clients.template import part

PATH = "python/sensorium_client.py"

_CODES = {
    "u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i32": "i", "f32": "f", "f64": "d", "char": "s",
}
_ENUMS = (
    health.Reason, health.OwnerState, health.RegionState, health.Precision, health.Device
)


def text(source: Source = CURRENT) -> str:
    """The whole module."""
    return "".join(
        (
            part("python", "head.py.in"),
            _enums(),
            _constants(source),
            _tables(source),
            part("python", "decode.py.in"),
            part("python", "reading.py.in"),
            part("python", "region.py.in"),
            part("python", "platform.py.in"),
            part("python", "channel.py.in"),
            part("python", "wait.py.in"),
            part("python", "session.py.in"),
        )
    )


def _enums() -> str:
    blocks = []
    for enum in _ENUMS:
        doc = (enum.__doc__ or "").split("\n")[0].split(". Values")[0].rstrip(".")
        members = "\n".join(f"    {item.name} = {item.value}" for item in enum)
        blocks.append(f'\n\nclass {enum.__name__}(IntEnum):\n    """{doc}."""\n\n{members}\n')
    return "".join(blocks)


def _constants(source: Source) -> str:
    lines = [
        f'CLIENT_VERSION = "{sensorium.__version__}"',
        f"MAGIC = 0x{layout.MAGIC:016X}",
        f"LAYOUT_MAJOR = {source.layout_major}",
        f"LAYOUT_MINOR = {source.layout_minor}",
        f"NAME_BYTES = {layout.NAME_BYTES}",
        f"HEADER_SIZE = {layout.HEADER_SIZE}",
        f"ENTRY_SIZE = {layout.ENTRY_STRIDE}",
        f"WAITERS_SIZE = {layout.WAITERS_SIZE}",
        f"SEATS = {layout.SEATS}",
        f"FIRST_SEAT = {layout.FIRST_SEAT}",
        f"SLOT_RECORD = {layout.Slot.RECORD.value}",
    ]
    lines += [
        f"{prefix}_{item.name} = {item.value}"
        for prefix, item in (
            *(("HEADER", item) for item in layout.Header),
            *(("ENTRY", item) for item in layout.Entry),
        )
    ]
    return "\n\n" + "\n".join(lines) + "\n"


def _tables(source: Source) -> str:
    regions = "".join(f'    "{name}",\n' for name in (*REGIONS, "app"))
    records = "".join(
        f'    "{r.name}": ({r.id}, {r.major}, {r.minor}),\n' for r in source.records
    )
    channels = "".join(
        f'    "{c.name}": ("{c.region}", "{c.record.name}", {c.kind == layout.Kind.EVENT}),\n'
        for c in source.channels
    )
    structs = "".join(_struct(struct) for struct in shapes.structs(source))
    return (
        "\nif TYPE_CHECKING:\n    Layout = dict[str, tuple[str, int, int]]\n"
        '    """Field name to (struct code or struct name, count, byte offset)."""\n'
        f"\nREGIONS = (\n{regions})\n"
        '"""The grant classes, and `app`, the app\'s own."""\n'
        f"\nRECORDS = {{\n{records}}}\n"
        '"""Record name to (id, major, minor)."""\n'
        f"\nCHANNELS = {{\n{channels}}}\n"
        '"""Channel name to (region, record name, whether each record counts)."""\n'
        f"\nSTRUCTS: dict[str, tuple[int, Layout]] = {{\n{structs}}}\n"
        '"""Record or struct name to (size in bytes, its fields)."""\n'
    )


def _struct(struct: Struct) -> str:
    fields = "".join(
        f'        "{item.field.name}": ("{_code(item.field.type)}", {item.field.count}, '
        f"{item.offset}),\n"
        for item in struct.placed
        if not shapes.is_padding(item.field.name)
    )
    return f'    "{struct.name}": ({struct.size}, {{\n{fields}    }}),\n'


def _code(kind: str | Struct) -> str:
    return kind.name if isinstance(kind, Struct) else _CODES[kind]
