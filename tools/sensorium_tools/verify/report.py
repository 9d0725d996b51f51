"""An engine's report: every precision side by side, what was installed and why, and the layers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "report.json"
FORMAT = 1


@dataclass(frozen=True)
class Precision:
    """One precision of an engine.

    Attributes:
        name: fp32, fp16 or int8.
        state: installed, refused, measured (never a candidate) or "not made".
        why: One sentence.
        bytes: Of the graph's file.
        p50_ms: Median time of a run on this machine.
        p99_ms: 99 % of the runs take no longer.
        speedup: fp32's median time over this one's.
        peak_mib: What it adds to a process's memory.
        snr_db: Signal to noise against fp32.
        metric: The task's own figure: name, value, low, high, n, parts.
        loss: Of that metric against fp32: value, low, high, n.
        agreement: With fp32: value, low, high, n.
    """

    name: str
    state: str
    why: str
    bytes: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    speedup: float = 0.0
    peak_mib: float = 0.0
    snr_db: float = 0.0
    metric: Mapping[str, Any] | None = None
    loss: Mapping[str, Any] | None = None
    agreement: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Tensorrt:
    """The artefact for TensorRT, as far as it can be judged without a GPU.

    Attributes:
        state: built, refused, or "no plan" where its builder is not here.
        why: One sentence.
        bytes: Of the S8S8 graph.
        snr_db: Of the S8S8 graph, run as written on the CPU, against fp32.
        agreement: The same graph's agreement with fp32.
        findings: What the linter says.
        plan: What the builder made: version, compute capabilities, bytes, layers by type.
        layers: Layers with weights of the S8S8 graph: name to int8, or to why it is not.
    """

    state: str
    why: str
    bytes: int = 0
    snr_db: float = 0.0
    agreement: Mapping[str, Any] | None = None
    findings: tuple[str, ...] = ()
    plan: Mapping[str, Any] | None = None
    layers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """All of it.

    Attributes:
        engine: Its name.
        title: One line.
        date: Day, UTC.
        machine: Processor, cores, system, threads.
        versions: Tool to version.
        installed: Precision.
        basis: metric, agreement or "not established"; fp32 where no other was tried.
        why: One sentence.
        task: What it is judged by.
        sets: The samples.
        precisions: Best first.
        kept: Weighted layers that stay in fp32 though the recipe would quantise them, with the
            signal to noise that INT8 leaves of each alone.
        weight_bits: Of INT8 weights: 8, or 7 where eight saturate on this CPU; 0: no INT8.
        layers: Layers with weights of the installed graph: name to int8, fp16 or fp32.
        int8: The same of the INT8 graph, whether it is installed or not: name to int8, or to why
            it is not. Empty where there is none.
        tensorrt: The other artefact.
    """

    engine: str
    title: str
    date: str
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    installed: str
    basis: str
    why: str
    task: str
    sets: tuple[str, ...]
    precisions: tuple[Precision, ...]
    kept: Mapping[str, float] = field(default_factory=dict)
    weight_bits: int = 0
    layers: Mapping[str, str] = field(default_factory=dict)
    int8: Mapping[str, str] = field(default_factory=dict)
    tensorrt: Tensorrt | None = None

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Report:
        """The report of a parsed `report.json`."""
        values = {key: value for key, value in content.items() if key != "format"}
        values["precisions"] = tuple(Precision(**row) for row in values["precisions"])
        values["sets"] = tuple(values["sets"])
        if values["tensorrt"]:
            values["tensorrt"] = Tensorrt(**values["tensorrt"])
        return cls(**values)

    def to_json(self) -> str:
        """The report as text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"

    def to_markdown(self) -> str:
        """The report as a page of its card's folder."""
        head = (
            f"# {self.engine}\n\n{self.title}.\n\n"
            f"Written by `sensorium-engines verify {self.engine} --write-readme` on {self.date}: "
            f"{self.machine['processor']}, {self.machine['cores']} cores, "
            f"{self.machine['threads']} thread{'s' * (self.machine['threads'] != 1)} a run, "
            f"{self.machine['system']}, ONNX Runtime {self.versions['onnxruntime']}.\n\n"
            f"**Installed: {self.installed}.** {self.why[:1].upper()}{self.why[1:]}.\n\n"
        )
        return head + _table(self) + _layers(self) + _tensorrt(self)


def _table(report: Report) -> str:
    metric = next((row.metric["name"] for row in report.precisions if row.metric), "")
    columns = ["", "state", "size", "p50", "p99", "fp32's time over it", "peak memory",
               "error against fp32"]
    if metric:
        columns.append(f"{metric}, 95 % interval")
    columns.append("agreement with fp32, 95 % interval")
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in report.precisions:
        if not row.bytes:
            cells = [row.name, f"{row.state}: {row.why}", *[""] * (len(columns) - 2)]
        else:
            cells = [
                row.name, row.state, f"{row.bytes / 1e6:.2f} MB", f"{row.p50_ms:.3f} ms",
                f"{row.p99_ms:.3f} ms", f"{row.speedup:.2f} x", f"{row.peak_mib:.0f} MiB",
                "" if row.name == "fp32" else f"{row.snr_db:.1f} dB",
            ]
            if metric:
                cells.append(_figure(row.metric))
            cells.append(_figure(row.agreement))
        lines.append("| " + " | ".join(cells) + " |")
    said = "\n".join(lines) + "\n\n"
    said += f"Task: {report.task}, samples: {', '.join(report.sets) or 'none'}.\n"
    for row in report.precisions:
        if row.bytes and row.why:
            said += f"{row.name}: {row.why}.\n"
        parts = row.metric.get("parts") if row.metric else None
        if parts:
            listed = ", ".join(f"{name} {value:.3f}" for name, value in parts.items())
            said += f"{row.name}: {listed}.\n"
    return said


def _layers(report: Report) -> str:
    if not report.layers:
        return ""
    int8 = [name for name, kind in report.layers.items() if kind == "int8"]
    said = f"\nWeighted layers in INT8: {len(int8)} of {len(report.layers)}."
    rest = [name for name, kind in report.layers.items() if kind != "int8"]
    if rest and int8:
        said += " In fp32: " + ", ".join(f"`{name}`" for name in rest) + "."
    if report.kept:
        listed = ", ".join(f"`{name}` ({db:.1f} dB)" for name, db in report.kept.items())
        said += f" Found to be hurt by INT8, and kept: {listed}."
    return said + "\n" + _outside("the INT8 graph", report.int8)


def _outside(what: str, layers: Mapping[str, str]) -> str:
    """One sentence on the layers of an INT8 graph that are not INT8; empty without one."""
    rest = [f"`{name}` ({why})" for name, why in layers.items() if why != "int8"]
    return f"Not INT8 in {what}: {', '.join(rest)}.\n" if rest else ""


def _tensorrt(report: Report) -> str:
    made = report.tensorrt
    if made is None:
        return ""
    said = f"\nTensorRT: {made.state}. {made.why[:1].upper()}{made.why[1:]}.\n"
    if made.bytes:
        said += (
            f"Its graph ({made.bytes / 1e6:.2f} MB), run as written on the CPU: "
            f"{made.snr_db:.1f} dB, agreement {_figure(made.agreement)}.\n"
        ) + _outside("it", made.layers)
    return said + "Not verified: anything on a GPU.\n"


def _figure(figure: Mapping[str, Any] | None) -> str:
    if figure is None:
        return ""
    return (
        f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f}, n = {figure['n']})"
    )
