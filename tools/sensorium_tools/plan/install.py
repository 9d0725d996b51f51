"""Puts a plan beside the engine that stands in for it on the CPU, or takes it away."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from sensorium.inference import plans, store
from sensorium_tools.install import write

if TYPE_CHECKING:
    from sensorium.inference.manifest import Manifest
    from sensorium_tools.plan.build import Plan

_BACKENDS = {"rtx": "tensorrt-rtx", "tensorrt": "tensorrt"}


def install_plan(
    engine: Manifest, plan: Plan | None, precision: str, kind: str = "rtx"
) -> Manifest | None:
    """Installs the plan of an installed engine.

    A running daemon is not disturbed: as with an engine, the manifest is replaced last.

    Args:
        engine: The manifest of the engine for the CPU, which the plan has names and axes of.
        plan: None takes away what is there.
        precision: Of the graph that it was built from.
        kind: Of a target: rtx or tensorrt.

    Returns:
        The plan's manifest.

    Raises:
        OSError: When it cannot be written.
    """
    folder = store.built_folder(engine.name)
    described = folder / plans.file_name(kind)
    suffix = f".{kind}.plan"
    if plan is None:
        described.unlink(missing_ok=True)
        manifest = None
    else:
        sha256 = hashlib.sha256(plan.data).hexdigest()
        manifest = replace(
            engine, backend=_BACKENDS[kind], precision=precision, sha256=sha256,
            file=f"model-{sha256[:16]}{suffix}",
            built_with={**engine.built_with, kind: plan.version},
        )
        write(folder / manifest.file, plan.data)
        write(described, manifest.to_json().encode())
    for old in folder.glob(f"*{suffix}*"):
        # What was compiled from a plan on a device bears its name, and goes with it.
        if manifest is None or not old.name.startswith(manifest.file):
            old.unlink()
    return manifest
