"""Of what an engine is made: all that must make it anew when it changes."""

from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sensorium
from sensorium.inference import store
from sensorium.inference.processor import processor
from sensorium_tools import artefacts
from sensorium_tools.code import code
from sensorium_tools.convert import converter_module
from sensorium_tools.evaluate import partners, task_module
from sensorium_tools.samples.loading import identity
from sensorium_tools.sources import unpinned
from sensorium_tools.verify import machine

if TYPE_CHECKING:
    from sensorium.inference.card import Card

_PACKAGES = ("onnx", "onnxruntime", "numpy", "pillow", "tensorrt-rtx", "tensorrt")


def versions() -> dict[str, str]:
    """Of the packages that a build uses, those that are installed."""
    found = {"sensorium": sensorium.__version__}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def recipe(card: Card) -> dict[str, Any]:
    """Of a graph in INT8, beside the graph, the target and the layers kept."""
    return {
        "recipe": asdict(card.quantisation),
        "sets": [identity(name) for name in card.evaluation.sets],
        "task": card.evaluation.task,
        **({"objects": asdict(card.objects)} if card.objects.head else {}),
        "samples": card.evaluation.calibration_samples,
        "versions": versions(),
        "code": code(
            converter_module(card.conversion.converter), task_module(card.evaluation.task)
        ),
    }


def engine(card: Card, judged: bool = True) -> str:
    """Of an engine, its report and its plan.

    Args:
        card: Of the engine.
        judged: Whether it could be judged; what could not is tried again by the next build.

    Raises:
        CardError: When a set, or a card of an engine that its task needs, is not there.
    """
    notice = card.folder / card.upstream.notice if card.upstream.notice else None
    return artefacts.key(
        "engine",
        card=card.identity,
        **unpinned(card),
        made_by=recipe(card),
        evaluation=asdict(card.evaluation),
        gates=asdict(card.gates),
        memory=asdict(card.memory),
        targets=[asdict(target) for target in card.targets],
        partners=[store.find_card(name).identity for name in partners(card)],
        licence=asdict(card.upstream),
        notice=hashlib.sha256(notice.read_bytes()).hexdigest() if notice else "",
        processor=processor(),
        threads=machine.threads(),
        judged=judged,
    )
