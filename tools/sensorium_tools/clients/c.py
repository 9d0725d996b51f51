"""The C and C++ client: one header."""

from __future__ import annotations

import sensorium
from sensorium import health
from sensorium.channels import layout
from sensorium.channels.catalogue import REGIONS
from sensorium.records import Record, Struct
from sensorium_tools.clients import shapes
from sensorium_tools.clients.shapes import CURRENT, Source
from sensorium_tools.clients.template import part

PATH = "c/sensorium.h"

_SCALARS = {
    "u8": "uint8_t",
    "u16": "uint16_t",
    "u32": "uint32_t",
    "u64": "uint64_t",
    "i32": "int32_t",
    "f32": "float",
    "f64": "double",
    "char": "char",
}
_STACK_BYTES = 1 << 16
"""A larger record's copy is not put on the caller's stack, which may hold 1 MB (Windows)."""
_ENUMS = {
    "REASON": health.Reason,
    "OWNER": health.OwnerState,
    "REGION": health.RegionState,
    "PRECISION": health.Precision,
    "DEVICE": health.Device,
}


def text(source: Source = CURRENT) -> str:
    """The whole header."""
    return "".join(
        (
            part("c", "head.h"),
            part("c", "platform.h"),
            _layout(source),
            _enums(),
            _records(source),
            part("c", "types.h"),
            _catalogue(source),
            part("c", "region.h"),
            part("c", "bind.h"),
            part("c", "read.h"),
            part("c", "write.h"),
            _typed(source),
            part("c", "wait.h"),
            part("c", "json.h"),
            part("c", "control_linux.h"),
            part("c", "control_windows.h"),
            part("c", "connect.h"),
            part("c", "frame.h"),
        )
    )


def _section(title: str) -> str:
    return f"\n/* ---- {title} {'-' * max(3, 86 - len(title))} */\n\n"


def _layout(source: Source) -> str:
    lines = [
        f"#define SENSORIUM_MAGIC UINT64_C(0x{layout.MAGIC:016x})",
        f'#define SENSORIUM_CLIENT_VERSION "{sensorium.__version__}"',
        f"#define SENSORIUM_LAYOUT_MAJOR {source.layout_major}",
        f"#define SENSORIUM_LAYOUT_MINOR {source.layout_minor}",
        f"#define SENSORIUM_NAME_BYTES {layout.NAME_BYTES}",
        f"#define SENSORIUM_HEADER_BYTES {layout.HEADER_SIZE}",
        f"#define SENSORIUM_ENTRY_BYTES {layout.ENTRY_STRIDE}",
        f"#define SENSORIUM_WAITERS_SIZE {layout.WAITERS_SIZE}",
        f"#define SENSORIUM_SEATS {layout.SEATS}",
        f"#define SENSORIUM_FIRST_SEAT {layout.FIRST_SEAT}",
    ]
    for prefix, offsets in (
        ("HEADER", layout.Header), ("ENTRY", layout.Entry), ("SLOT", layout.Slot)
    ):
        lines += [f"#define SENSORIUM_{prefix}_{item.name} {item.value}" for item in offsets]
    names = ", ".join(f'"{name}"' for name in (*REGIONS, "app"))
    lines += [
        f"#define SENSORIUM_REGION_{name.upper()} {i}" for i, name in enumerate((*REGIONS, "app"))
    ]
    lines += [
        f"#define SENSORIUM_REGIONS {len(REGIONS) + 1}",
        f"#define SENSORIUM_REGION_NAMES {names}",
    ]
    return _section("The layout: byte offsets in a region") + "\n".join(lines) + "\n"


def _enums() -> str:
    blocks = [
        "typedef enum sensorium_{0} {{\n{1}\n}} sensorium_{0};\n".format(
            prefix.lower() if prefix not in {"REGION", "OWNER"} else f"{prefix.lower()}_state",
            ",\n".join(f"  SENSORIUM_{prefix}_{item.name} = {item.value}" for item in values),
        )
        for prefix, values in _ENUMS.items()
    ]
    cases = "\n".join(
        f'    case SENSORIUM_REASON_{item.name}: return "{item.name.lower()}";'
        for item in health.Reason
    )
    names = (
        "/* A reason as a word, for logs. */\n"
        "static inline const char *sensorium_reason_name(uint32_t reason) {\n"
        f'  switch (reason) {{\n{cases}\n    default: return "unknown";\n  }}\n}}\n'
    )
    return _section("States and reasons") + "\n".join((*blocks, names))


def _records(source: Source) -> str:
    return _section("Records: little endian, at fixed offsets") + "\n".join(
        _struct(struct) for struct in shapes.structs(source)
    )


def _struct(struct: Struct) -> str:
    name = f"sensorium_{struct.name}"
    macro = name.upper()
    lines = [f"/* {struct.doc} */"]
    if isinstance(struct, Record):
        lines += [
            f"#define {macro}_ID {struct.id}",
            f"#define {macro}_MAJOR {struct.major}",
            f"#define {macro}_MINOR {struct.minor}",
        ]
    lines += [
        f"#define {macro}_{item.field.name.upper()} {item.field.count}"
        for item in struct.placed
        if item.field.count > 1 and item.field.type != "char"
        and not shapes.is_padding(item.field.name)
    ]
    lines.append(f"typedef struct {name} {{")
    for item in struct.placed:
        field = item.field
        kind = (
            f"sensorium_{field.type.name}_t"
            if isinstance(field.type, Struct) else _SCALARS[field.type]
        )
        count = f"[{field.count}]" if field.count > 1 or field.type == "char" else ""
        doc = "" if shapes.is_padding(field.name) else f" /* {field.doc} */"
        lines.append(f"  {kind} {field.name}{count};{doc}")
    lines.append(f"}} {name}_t;")
    lines.append(
        f'SENSORIUM_ASSERT(sizeof({name}_t) == {struct.size}, "size of {struct.name}");'
    )
    lines += [
        f"SENSORIUM_ASSERT(offsetof({name}_t, {item.field.name}) == {item.offset}, "
        f'"{struct.name}.{item.field.name}");'
        for item in struct.placed
    ]
    return "\n".join(lines) + "\n"


def _catalogue(source: Source) -> str:
    rows = ",\n".join(
        f'    {{"{c.name}", SENSORIUM_REGION_{c.region.upper()}, {c.record.id}, '
        f"{c.record.major}, {c.record.size}, {int(c.kind == layout.Kind.EVENT)}}}"
        for c in source.channels
    )
    return _section("The catalogue of channels") + (
        "typedef struct sensorium_known {\n"
        "  const char *name;\n"
        "  uint32_t region, record_id, record_major, record_size;\n"
        "  uint32_t event; /* 1: follow it with sensorium_next_*, 0: read the newest */\n"
        "} sensorium_known_t;\n\n"
        "static inline const sensorium_known_t *sensorium_catalogue(const char *name) {\n"
        f"  static const sensorium_known_t channels[] = {{\n{rows}}};\n"
        "  size_t i;\n"
        "  for (i = 0; i < sizeof channels / sizeof channels[0]; i++)\n"
        "    if (!strcmp(channels[i].name, name)) return &channels[i];\n"
        "  return NULL;\n"
        "}\n"
    )


def _typed(source: Source) -> str:
    written, read = shapes.written_by_apps(source), shapes.read_by_apps(source)
    blocks = []
    for record in source.records:
        name, macro = record.name, f"SENSORIUM_{record.name.upper()}"
        if name in written:
            blocks.append(
                f"static inline sensorium_status sensorium_write_{name}(sensorium_channel_t *c, "
                f"const sensorium_{name}_t *record,\n"
                "    uint64_t capture_ns, uint64_t now_ns) {\n"
                f"  if (c->record_id != {macro}_ID) return SENSORIUM_BAD;\n"
                "  return sensorium_write(c, record, sizeof *record, capture_ns, now_ns);\n}\n"
            )
        if name in read:
            blocks += _reading(record, macro)
    return _section("Reading and writing by record") + "\n".join(blocks)


def _reading(record: Record, macro: str) -> list[str]:
    """The functions that read a record and follow its channel."""
    name, large = record.name, record.size > _STACK_BYTES
    size = f"SENSORIUM_SLOT_RECORD + sizeof(sensorium_{name}_t)"
    given = "uint8_t *scratch, " if large else ""
    own = "" if large else f"  uint8_t scratch[{size}];\n"
    above = (
        "/* `scratch` has this many bytes of yours, too many for a stack; any content will do. */\n"
        f"#define {macro}_SCRATCH ({size})\n"
    )
    functions = [
        f"static inline sensorium_status sensorium_{verb}_{name}(sensorium_channel_t *c, "
        f"sensorium_{name}_t *out, {given}uint64_t now_ns) {{\n"
        f"{own}"
        f"  if (SENSORIUM_UNLIKELY(c->record_id != {macro}_ID)) return SENSORIUM_BAD;\n"
        f"  return sensorium_{verb}(c, out, scratch, sizeof *out, now_ns);\n}}\n"
        for verb in ("read", "next")
    ]
    return [above + functions[0], *functions[1:]] if large else functions
