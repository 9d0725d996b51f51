"""Makes the engine of a card: graph, smaller precisions, verdict, and the best of it installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sensorium.inference import store
from sensorium.perception.object_detection import ObjectDetection
from sensorium_tools import keys
from sensorium_tools.graphs import graph
from sensorium_tools.install import REPORT, install, installed
from sensorium_tools.plan.install import install_plan
from sensorium_tools.ports import with_ports
from sensorium_tools.workshop import Workshop

if TYPE_CHECKING:
    from sensorium.inference.card import Card
    from sensorium.inference.manifest import Manifest
    from sensorium_tools.progress import Progress


def build(
    card: Card, progress: Progress, *, force: bool = False, quick: bool = False
) -> Manifest:
    """Builds a card's engine, unless it is there.

    One that could not be judged here, for want of samples, is tried again each time. One whose card
    has no recipe for INT8 is not judged unless that is forced: no verdict could change it, and its
    samples need not be fetched.

    Args:
        card: Of the engine.
        progress: Told of each step.
        force: Builds and judges it even when it is there.
        quick: Is content with fp32, without a verdict; a later build judges.

    Raises:
        HashError: When an archive, a weight or a sample is not the pinned one.
        CardError: When its card names a set that is not there, or a head that does not fit.
        EngineError: When it cannot be fetched, converted or run.
        OSError: When it cannot be written.
    """
    present = installed(card)
    enough = {keys.engine(card)}
    is_open = card.quantisation.scheme != "none"
    if quick or not is_open:
        enough.add(keys.engine(card, judged=False))
    if present is not None and present.key in enough and not force:
        return present
    data = graph(card, progress)
    whole = with_ports(card, data)
    if whole.objects.head:
        ObjectDetection(whole)
    made = Workshop(whole, data, progress).make(judge=force or (is_open and not quick))
    target = made.target

    def plans(manifest: Manifest) -> None:
        for kind in ("rtx", "tensorrt"):
            built = target.plan if target is not None and target.kind == kind else None
            install_plan(manifest, built, target.precision if target else "fp32", kind)

    return install(
        whole, card.identity, keys.engine(card, made.judged), made.precision, made.data,
        made.report.to_json(), plans,
    )


def report(card: Card) -> dict[str, Any] | None:
    """The report of an installed engine, or None."""
    if installed(card) is None:
        return None
    try:
        content = json.loads((store.built_folder(card.name) / REPORT).read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
