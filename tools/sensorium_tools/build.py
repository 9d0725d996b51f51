"""Makes the engine of a card: graph, smaller precisions, verdict, and the best of it installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sensorium.inference import store
from sensorium.inference.processor import processor
from sensorium_tools import artefacts
from sensorium_tools.graphs import graph
from sensorium_tools.install import install, installed, versions
from sensorium_tools.plan.install import install_plan
from sensorium_tools.ports import with_ports
from sensorium_tools.samples.loading import identity
from sensorium_tools.verify import machine
from sensorium_tools.verify.report import FILE_NAME
from sensorium_tools.workshop import Workshop

if TYPE_CHECKING:
    from sensorium.inference.card import Card
    from sensorium.inference.manifest import Manifest
    from sensorium_tools.progress import Progress

FORMAT = 2
"""Raised when the same card, samples and tools must give another engine or report."""


def key(card: Card) -> str:
    """Of all that decides an engine and its report: card, samples, tools and this processor."""
    return artefacts.key(
        "engine",
        format=FORMAT,
        card=card.identity,
        sets=[identity(name) for name in card.evaluation.sets],
        versions=versions(),
        processor=processor(),
        threads=machine.threads(),
    )


def build(card: Card, progress: Progress, *, force: bool = False) -> Manifest:
    """Builds a card's engine, unless it is there.

    Args:
        card: Of the engine.
        progress: Told of each step.
        force: Builds and judges it even when it is there.

    Raises:
        HashError: When an archive or a weight is not the pinned one.
        EngineError: When it cannot be fetched, converted or run.
        OSError: When it cannot be written.
    """
    name = key(card)
    present = installed(card)
    if present is not None and present.key == name and not force:
        return present
    whole = with_ports(card, graph(card, progress))
    made = Workshop(whole, name, progress).make()
    target = made.target

    def plan(manifest: Manifest) -> None:
        install_plan(
            manifest, target.plan if target else None, target.precision if target else "fp32"
        )

    return install(
        whole, card.identity, name, made.precision, made.data, made.report.to_json(), plan
    )


def report(card: Card) -> dict[str, Any] | None:
    """The report of an installed engine, or None."""
    if installed(card) is None:
        return None
    try:
        content = json.loads((store.built_folder(card.name) / FILE_NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
