"""The C# client: one file for .NET Standard 2.0, as Unity has it."""

from __future__ import annotations

import sensorium
from sensorium import health
from sensorium.channels import layout
from sensorium.channels.catalogue import REGIONS
from sensorium.records import Record, Struct
from sensorium.records.fields import SCALARS, Placed
from sensorium_tools.clients import shapes
from sensorium_tools.clients.shapes import CURRENT, Source, pascal
from sensorium_tools.clients.template import part

PATH = "csharp/Sensorium.cs"

_TYPES = {
    "u8": "byte", "u16": "ushort", "u32": "uint", "u64": "ulong", "i32": "int", "f32": "float",
    "f64": "double",
}
_READERS = {
    "u16": "ToUInt16", "u32": "ToUInt32", "u64": "ToUInt64", "i32": "ToInt32", "f32": "ToSingle",
    "f64": "ToDouble",
}
_ENUMS = (
    health.Reason, health.OwnerState, health.RegionState, health.Precision, health.Device
)


def text(source: Source = CURRENT) -> str:
    """The whole file."""
    return "".join(
        (
            part("csharp", "head.cs"),
            _enums(),
            _layout(source),
            _catalogue(source),
            part("csharp", "record.cs"),
            _records(source),
            part("csharp", "native.cs"),
            part("csharp", "region.cs"),
            part("csharp", "info.cs"),
            part("csharp", "channel.cs"),
            part("csharp", "binding.cs"),
            part("csharp", "control.cs"),
            part("csharp", "session.cs"),
            part("csharp", "wait.cs"),
            part("csharp", "tail.cs"),
        )
    )


def _summary(words: str, indent: int) -> str:
    safe = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{' ' * indent}/// <summary>{safe}</summary>\n"


def _enums() -> str:
    blocks = []
    for enum in _ENUMS:
        doc = (enum.__doc__ or "").split("\n")[0].split(". Values")[0].rstrip(".") + "."
        members = ",\n".join(
            f"        /// <summary>{item.name}</summary>\n"
            f"        {pascal(item.name.lower())} = {item.value}"
            for item in enum
        )
        blocks.append(
            f"\n{_summary(doc, 4)}    public enum {enum.__name__}\n    {{\n{members}\n    }}\n"
        )
    return "".join(blocks)


def _layout(source: Source) -> str:
    lines = [
        f"public const ulong Magic = 0x{layout.MAGIC:016x}UL;",
        f'public const string ClientVersion = "{sensorium.__version__}";',
        f"public const int Major = {source.layout_major}, Minor = {source.layout_minor};",
        f"public const int NameBytes = {layout.NAME_BYTES}, HeaderSize = {layout.HEADER_SIZE};",
        f"public const int EntrySize = {layout.ENTRY_STRIDE};",
        f"public const int WaitersSize = {layout.WAITERS_SIZE};",
        f"public const int Seats = {layout.SEATS}, FirstSeat = {layout.FIRST_SEAT};",
    ]
    for prefix, offsets in (
        ("Header", layout.Header), ("Entry", layout.Entry), ("Slot", layout.Slot)
    ):
        for item in offsets:
            name = f"{prefix}{pascal(item.name.lower())}"
            name = "HeaderSizeField" if name == "HeaderSize" else name
            lines.append(f"public const int {name} = {item.value};")
    body = "".join(f"        {line}\n" for line in lines)
    return f"\n    internal static class Layout\n    {{\n{body}    }}\n"


def _catalogue(source: Source) -> str:
    regions = ", ".join(f'"{name}"' for name in (*REGIONS, "app"))
    rows = "".join(
        f'            {{ "{c.name}", new Catalogue("{c.region}", {c.record.id}, '
        f"{str(c.kind == layout.Kind.EVENT).lower()}) }},\n"
        for c in source.channels
    )
    return (
        "\n    internal sealed class Catalogue\n    {\n"
        "        public readonly string Region;\n"
        "        public readonly int RecordId;\n"
        "        public readonly bool IsEvent;\n\n"
        "        private Catalogue(string region, int recordId, bool isEvent)\n        {\n"
        "            Region = region;\n            RecordId = recordId;\n"
        "            IsEvent = isEvent;\n        }\n\n"
        f"        public static readonly string[] Regions = {{ {regions} }};\n\n"
        "        public static readonly Dictionary<string, Catalogue> All = "
        "new Dictionary<string, Catalogue>\n"
        f"        {{\n{rows}        }};\n    }}\n"
    )


def _records(source: Source) -> str:
    by_apps = shapes.written_by_apps(source)
    encoded = {s.name for r in source.records if r.name in by_apps for s in _parts(r)}
    return "".join(_class(s, encode=s.name in encoded) for s in shapes.structs(source))


def _parts(struct: Struct) -> list[Struct]:
    inner = [f.type for f in struct.fields if isinstance(f.type, Struct)]
    return [struct, *(part_ for s in inner for part_ in _parts(s))]


def _class_name(struct: Struct) -> str:
    return pascal(struct.name) + ("Record" if isinstance(struct, Record) else "Part")


def _class(struct: Struct, *, encode: bool) -> str:
    fields = [p for p in struct.placed if not shapes.is_padding(p.field.name)]
    lines = [_summary(struct.doc, 4).rstrip("\n")]
    base = "Record" if isinstance(struct, Record) else "Part"
    lines += [f"    public sealed class {_class_name(struct)} : {base}", "    {"]
    for item in fields:
        lines += [_summary(item.field.doc, 8).rstrip("\n"), f"        {_declare(item)}"]
    if isinstance(struct, Record):
        for name, value in (
            ("RecordId", struct.id), ("RecordMajor", struct.major), ("RecordSize", struct.size)
        ):
            lines += [
                "        /// <inheritdoc/>",
                f"        public override int {name} {{ get {{ return {value}; }} }}",
            ]
    lines += ["", "        internal override void Decode(byte[] source, int at)", "        {"]
    lines += [f"            {_decode(item)}" for item in fields]
    lines.append("        }")
    if encode:
        lines += ["", "        internal override void Encode(byte[] target, int at)", "        {"]
        lines += [f"            {_encode(item)}" for item in fields]
        lines.append("        }")
    lines.append("    }")
    return "\n" + "\n".join(lines) + "\n"


def _declare(item: Placed) -> str:
    field, name = item.field, pascal(item.field.name)
    if isinstance(field.type, Struct):
        kind = _class_name(field.type)
        if field.count == 1:
            return f"public readonly {kind} {name} = new {kind}();"
        return f"public readonly {kind}[] {name} = Make<{kind}>({field.count});"
    if field.type == "char":
        return f"public readonly Text {name} = new Text({field.count});"
    kind = _TYPES[field.type]
    if field.count == 1:
        return f"public {kind} {name};"
    return f"public readonly {kind}[] {name} = new {kind}[{field.count}];"


def _decode(item: Placed) -> str:
    field, name, at = item.field, pascal(item.field.name), f"at + {item.offset}"
    if isinstance(field.type, Struct):
        if field.count == 1:
            return f"{name}.Decode(source, {at});"
        return (
            f"for (int i = 0; i < {field.count}; i++) "
            f"{name}[i].Decode(source, {at} + {field.type.size} * i);"
        )
    if field.type == "char":
        return f"{name}.Decode(source, {at});"
    if field.count > 1:
        return f"Buffer.BlockCopy(source, {at}, {name}, 0, {field.count * SCALARS[field.type][1]});"
    if field.type == "u8":
        return f"{name} = source[{at}];"
    return f"{name} = BitConverter.{_READERS[field.type]}(source, {at});"


def _encode(item: Placed) -> str:
    field, name, at = item.field, pascal(item.field.name), f"at + {item.offset}"
    if isinstance(field.type, Struct):
        if field.count == 1:
            return f"{name}.Encode(target, {at});"
        return (
            f"for (int i = 0; i < {field.count}; i++) "
            f"{name}[i].Encode(target, {at} + {field.type.size} * i);"
        )
    if field.type == "char":
        return f"{name}.Encode(target, {at});"
    if field.count > 1:
        return f"Buffer.BlockCopy({name}, 0, target, {at}, {field.count * SCALARS[field.type][1]});"
    if field.type == "u8":
        return f"target[{at}] = {name};"
    return f"Bytes.Put(target, {at}, {name});"
