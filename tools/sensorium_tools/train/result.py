"""What a training leaves: a folder with a card, the head, a notice, a report and a page on it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sensorium_tools.train import page
from sensorium_tools.train.engine_folder import staged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sensorium_tools.train.phrase import Phrase

MODEL, REPORT = "model.onnx", "training.json"

_CARD = """# Made by `{command}`.

[engine]
name = "{name}"
title = "The wake word \\"{phrase}\\""
sample_rate_hz = 16000

[conversion]
converter = "onnx"

[[sources]]
kind = "file"
paths = ["{model}"]

[[weights]]
name = "{model}"
sha256 = "{sha256}"

[upstream]
project = "{project}"
licence = "{licence}"
licence_from = "{licence_from}"
notice = "NOTICE"

[[inputs]]
name = "embeddings"
shape = [1, 16, 96]
type = "float32"
unit = "none"
about = "The last 16 results of speech-embedding, 80 ms apart."

[[outputs]]
name = "probability"
shape = [1, 1]
type = "float32"
unit = "probability, 0..1"
about = "That the phrase was said to its end just now. The mean of two is held against a threshold."

[quantisation]
scheme = "none"
why = "a call takes 0.02 ms"

[memory]
peak_mib = 64

[[targets]]
kind = "cpu"
precision = ["fp32"]
"""
_OURS = (
    "Sensorium", "Apache-2.0", "trained by this project; see NOTICE for the voices of its training"
)
_THEIRS = ("the user's own", "none stated", "")


def write(
    room: Path, phrase: Phrase, model: bytes, report: Mapping[str, Any], *, ours: bool
) -> Path:
    """Writes the folder of a head, whole or not at all; one of the same name is replaced.

    Args:
        room: Of the engines: the user's, or the project's own.
        phrase: What it hears.
        model: The ONNX file.
        report: Plain JSON.
        ours: Whether it is the project's own, which has a licence.

    Returns:
        The folder.

    Raises:
        EngineError: When it cannot be written.
    """
    project, licence, licence_from = _OURS if ours else _THEIRS
    card = _CARD.format(
        command=report["command"].replace("\n", " "), name=phrase.name, phrase=phrase.text,
        model=MODEL, sha256=hashlib.sha256(model).hexdigest(), project=project, licence=licence,
        licence_from=licence_from,
    )
    files = {
        MODEL: model,
        "card.toml": card.encode(),
        "NOTICE": page.notice(report).encode(),
        "README.md": page.readme(report).encode(),
        REPORT: (json.dumps(report, indent=1) + "\n").encode(),
    }
    folder = room / phrase.name
    with staged(folder, files):
        pass
    return folder
