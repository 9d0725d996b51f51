"""Puts a built engine where the daemon looks for it, and says what is there."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference import manifest as manifests
from sensorium.inference import store
from sensorium.inference.backends import backend
from sensorium.inference.feeds import FeedCheck
from sensorium.inference.manifest import Manifest, Range, Tensor
from sensorium.inference.processor import processor
from sensorium_tools.keys import versions
from sensorium_tools.lock import alone

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensorium.inference.card import Card
    from sensorium.inference.card_tables import Port

NOTICE, REPORT = "NOTICE", "report.json"


def installed(card: Card) -> Manifest | None:
    """The manifest of a card's engine where it, its plan and its report are whole, else None."""
    folder = store.built_folder(card.name)
    try:
        manifest = manifests.read(folder / manifests.FILE_NAME, "")
        whole = all(store.sha256(folder / file) == said for file, said in manifest.files.items())
    except (OSError, EngineError):
        return None
    return manifest if whole and manifest.identity == card.identity else None


def install(
    card: Card,
    identity: str,
    key: str,
    precision: str,
    data: bytes,
    report: str,
    plan: Callable[[Manifest], object],
) -> Manifest:
    """Installs an engine.

    A running daemon is not disturbed: the engine file has its hash in its name, and the manifest
    that names it is replaced last, in one step. A second builder waits.

    Args:
        card: Of the engine, its inputs and outputs stated.
        identity: Of the card as it lies in its folder.
        key: Of all that it was made from.
        precision: fp32, fp16 or int8.
        data: The engine file.
        report: The text of its report.
        plan: Puts its plan beside it, or takes an old one away, before the engine counts.

    Raises:
        EngineError: When the backend refuses it.
        OSError: When it cannot be written.
    """
    manifest = replace(_manifest(card, key, precision, data), identity=identity)
    folder = store.built_folder(card.name)
    with alone(folder):
        write(folder / manifest.file, data)
        _try(manifest, folder / manifest.file)
        if card.upstream.notice:
            write(folder / NOTICE, (card.folder / card.upstream.notice).read_bytes())
        write(folder / REPORT, report.encode())
        plan(manifest)
        present = [manifest.file, REPORT, *(path.name for path in folder.glob("engine-*.json")),
                   *(path.name for path in folder.glob("*.plan"))]
        if card.upstream.notice:
            present.append(NOTICE)
        files = {file: store.sha256(folder / file) for file in sorted(present)}
        manifest = replace(manifest, files=files)
        write(folder / manifests.FILE_NAME, manifest.to_json().encode())
        for old in folder.glob("*.onnx"):
            if old.name != manifest.file:
                old.unlink()
    return manifest


def write(path: Path, data: bytes) -> None:
    """Writes a file in one step: whoever reads it sees the old or the new content, whole."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _manifest(card: Card, key: str, precision: str, data: bytes) -> Manifest:
    sha256 = hashlib.sha256(data).hexdigest()
    return Manifest(
        name=card.name,
        identity=card.identity,
        key=key,
        backend=card.engine.backend,
        precision=precision,
        file=f"model-{sha256[:16]}.onnx",
        sha256=sha256,
        labels=card.engine.labels,
        inputs=tuple(_tensor(port) for port in card.inputs),
        outputs=tuple(_tensor(port) for port in card.outputs),
        axes={axis.name: Range(axis.min, axis.typical, axis.max) for axis in card.axes},
        processor=processor(),
        files={},
        built_with=versions(),
    )


def _tensor(port: Port) -> Tensor:
    return Tensor(port.name, port.shape, port.type)


def _try(manifest: Manifest, file: Path) -> None:
    """Runs the engine once, as the daemon would.

    Raises:
        EngineError: When the backend refuses it or a result is not a finite number.
    """
    engine = backend(manifest.backend)(manifest, file, 1)
    try:
        # Not zeros: a graph may divide by the spread of its input.
        noise = np.random.default_rng(0)
        feeds = {
            name: noise.random(values.shape).astype(values.dtype)
            for name, values in FeedCheck(manifest).zeros().items()
        }
        for name, values in engine.run(feeds).items():
            if not np.isfinite(values).all():
                raise EngineError(f"{manifest.name}: {name} is not finite on noise")
    finally:
        engine.close()
