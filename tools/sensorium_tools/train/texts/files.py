"""What a trained classifier leaves: the folder of an engine, and texts to judge it by."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import tomli_w

from sensorium import folders
from sensorium.errors import EngineError
from sensorium.inference import card as cards
from sensorium.inference import store
from sensorium.inference.text_metadata import WORDS
from sensorium.perception.text_classifier import EMBEDDING, LOGITS
from sensorium_tools.samples import loading, manifest
from sensorium_tools.train.texts import page, picture
from sensorium_tools.train.texts.graph import TOKENS
from sensorium_tools.train.texts.vocabulary import LONGEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

MODEL, REPORT, PICTURE = "model.onnx", "text-classifier.json", "confusion.png"
MADE = "made.json"
"""In a set that this command made: the sha256 of each of its other files."""
SUFFIX = "-texts"
"""Behind the engine's name: the set that it is judged by."""
TIMED, JUDGED = 8, 500
"""Texts of the validation side that the builder times INT8 by, and judges it by; they are kept in
that set."""
_KINDS = {
    "lstm": "an LSTM",
    "minilm": "a head on the engine minilm",
}


def check_name(name: str) -> None:
    """Refuses a name that no engine can have.

    Raises:
        EngineError: With the remedy.
    """
    if not cards.NAME.fullmatch(name) or not manifest.NAME.fullmatch(name + SUFFIX):
        raise EngineError(
            f"{name!a} cannot be the name of an engine",
            "--name with small letters, digits and hyphens, a letter or digit first, at most 57",
        )


def places(name: str, room: Path | None) -> tuple[Path, ...]:
    """The folder of an engine, and where it is built also that of its set.

    Args:
        name: Of the engine.
        room: Where its folder goes, not built; None: among the user's own engines.
    """
    if room is not None:
        return (room / name,)
    return (
        folders.data_dir() / "engines" / name,
        folders.data_dir() / "calibration" / (name + SUFFIX),
    )


def check_free(name: str, room: Path | None, *, replace: bool) -> None:
    """Refuses a name that another engine or set has.

    Args:
        name: Of the engine.
        room: See `places`.
        replace: Whether a classifier of that name may be replaced.

    Raises:
        EngineError: With the remedy.
    """
    own, *sets = places(name, room)
    rooms = (own.parent,) if room is not None else store.card_folders()
    for other in rooms:
        folder = other / name
        if folder.exists() and not ((folder / REPORT).is_file() and folder == own):
            raise EngineError(f"{folder}: there is an engine of that name", "take another --name")
    if own.exists() and not replace:
        raise EngineError(
            f"{own}: there is a classifier of that name",
            "--replace trains it anew, or take another --name",
        )
    for kept in sets:
        for folder in (each / kept.name for each in loading.rooms()):
            if folder.exists() and not (folder == kept and _is_made_here(folder)):
                raise EngineError(
                    f"{folder}: the texts that {name} is judged by go there, and there is a set "
                    "that was not made by this command, or was changed since",
                    "take another --name, or move that folder away",
                )


def _is_made_here(folder: Path) -> bool:
    """Whether a set is as `samples` made it, or an empty folder."""
    try:
        found = {path.name: store.sha256(path) for path in folder.iterdir() if path.name != MADE}
        if not found:
            return True
        made = json.loads((folder / MADE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return bool(made == found)


def engine(
    report: Mapping[str, Any], model: bytes, table: NDArray[np.int64], kind: str, *, with_set: bool
) -> dict[str, bytes]:
    """The files of an engine's folder.

    Args:
        report: Plain JSON.
        model: The ONNX file.
        table: Its confusion matrix on the test side, [true, said].
        kind: lstm or minilm.
        with_set: Whether there are texts of its own to judge it by.
    """
    card = _card(report, model, kind, with_set=with_set)
    title = f"{report['name']}: {table.sum()} texts of the test side"
    return {
        MODEL: model,
        cards.FILE_NAME: f"# Made by `sensorium-engines train text-classifier`.\n\n{card}".encode(),
        PICTURE: picture.confusion_picture(table, report["labels"], title),
        "README.md": page.readme(report).encode(),
        REPORT: (json.dumps(report, indent=1) + "\n").encode(),
    }


def samples(
    name: str, source: str, sides: Mapping[str, Sequence[tuple[str, str]]]
) -> dict[str, bytes]:
    """The files of a set of texts; see `calibration/README.md`.

    Args:
        name: Of the set.
        source: The file that they are from.
        sides: Of each part the labels and texts.
    """
    about = {
        "set": {
            "format": manifest.FORMAT, "name": name, "title": f"Made of {source}; private",
            "kind": "text",
        },
        "sources": [
            {
                "name": f"{part}-texts", "kind": "folder", "part": part, "reader": "labelled",
                "paths": [f"{part}.tsv"], "licence": "private",
                "licence_from": "the user's own file", "redistribution": False,
                "truth": "the labels of that file",
            }
            for part in sides
        ],
    }
    lines = {
        f"{part}.tsv": "".join(f"{label}\t{text}\n" for label, text in rows).encode()
        for part, rows in sides.items()
    }
    whole = {**lines, manifest.FILE_NAME: tomli_w.dumps(about).encode()}
    made = {file: hashlib.sha256(data).hexdigest() for file, data in whole.items()}
    return {**whole, MADE: json.dumps(made, indent=1).encode()}


def _card(report: Mapping[str, Any], model: bytes, kind: str, *, with_set: bool) -> str:
    words = kind == "lstm"
    given: dict[str, Any] = {
        "name": WORDS, "shape": [1, TOKENS], "type": "int64", "unit": "number in the word list",
        "about": f"Of a text's first {LONGEST} words.",
    } if words else {
        "name": EMBEDDING, "shape": [1, report["width"]], "unit": "none; of length 1",
        "about": "What minilm makes of a text.",
    }
    card: dict[str, Any] = {
        "engine": {
            "name": report["name"],
            "title": f"Labels of texts, learned from {report['file']} by {_KINDS[kind]}",
            "labels": report["labels"],
        },
        "sources": [{"kind": "file", "paths": [MODEL]}],
        "weights": [{"name": MODEL, "sha256": hashlib.sha256(model).hexdigest()}],
        "inputs": [given],
        "outputs": [{
            "name": LOGITS, "shape": [1, len(report["labels"])], "unit": "before the softmax",
            "about": "Of each label, divided by the temperature already.",
        }],
        "quantisation": {
            "scheme": "dynamic", "operators": ["Gather", "LSTM"],
            "why": "an LSTM has no static INT8; the last layer is small",
        } if words else {"scheme": "none", "why": "a call takes some 0.01 ms"},
        "evaluation": {
            "task": "text-class", "sets": [report["name"] + SUFFIX] if with_set else [],
            "evaluation_samples": JUDGED,
        },
        "memory": {"peak_mib": 256},
        "targets": [{"kind": "cpu", "precision": ["int8", "fp32"] if words else ["fp32"]}],
    }
    if words:
        card["axes"] = [
            {"name": TOKENS, "min": 1, "typical": report["typical"], "max": LONGEST}
        ]
    return tomli_w.dumps(card)
