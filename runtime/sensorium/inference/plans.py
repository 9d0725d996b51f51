"""Plans that lie beside a built engine, each with a manifest of its own."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium.inference import manifest as manifests
from sensorium.inference import store

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.inference.manifest import Manifest

PLANS = {"rtx": "tensorrt_rtx", "tensorrt": "tensorrt"}
"""Kind of a card's target to the module that runs its plan; the first that is there serves."""


@dataclass(frozen=True)
class Plan:
    """A plan that this PC has the runtime for.

    Attributes:
        manifest: Of the plan.
        described: The manifest's file.
        file: The plan's file.
        damage: Why it must not be used; empty when it may be.
        memory: Bytes of the device that it takes at least; 0: not known.
    """

    manifest: Manifest
    described: Path
    file: Path
    damage: str
    memory: int = 0


def least_memory(manifest: Manifest, size: int) -> int:
    """Bytes of the device that a plan takes at least: itself, its inputs and its outputs.

    Args:
        manifest: Of the plan.
        size: Of its file, in bytes.
    """
    tensors = (*manifest.inputs, *manifest.outputs)
    return size + sum(
        math.prod(manifest.sizes(tensor)) * np.dtype(tensor.type).itemsize for tensor in tensors
    )


def file_name(kind: str) -> str:
    """Of the manifest of a plan, beside that of the engine."""
    return f"engine-{kind}.json"


def installed() -> bool:
    """Whether this PC has a runtime for plans at all."""
    return any(map(_importable, PLANS.values()))


def is_planned(name: str) -> bool:
    """Whether an engine has a plan that this PC has the runtime for; it may be damaged."""
    folder = store.built_folder(name)
    return any(
        _importable(module) and (folder / file_name(kind)).is_file()
        for kind, module in PLANS.items()
    )


def find(name: str) -> Plan | None:
    """The plan of an engine; None where none was built, or no runtime for it is installed.

    A plan of an older card counts as none: the engine itself says that it must be built anew.

    Args:
        name: Of the card.

    Raises:
        CardError: When the card is missing or broken.
    """
    folder = store.built_folder(name)
    remedy = f"sensorium-engines build {name}"
    for kind, module in PLANS.items():
        described = folder / file_name(kind)
        if not _importable(module) or not described.is_file():
            continue
        try:
            manifest = manifests.read(described, remedy)
            file = folder / manifest.file
            if manifest.identity != store.find_card(name).identity:
                continue
            changed = store.sha256(file) != manifest.sha256
            size = file.stat().st_size
        except (OSError, EngineError):
            continue
        damage = f"{file}: its sha256 is another: it was changed ({remedy})" if changed else ""
        return Plan(manifest, described, file, damage, least_memory(manifest, size))
    return None


def _importable(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
