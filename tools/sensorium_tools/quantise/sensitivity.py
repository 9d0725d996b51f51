"""Which layers INT8 hurts most: each is quantised by itself, and the error is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium_tools.graph_run import GraphRun
from sensorium_tools.verify.error import snr_db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium_tools.evaluate import Run
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.recorder import Feeds
    from sensorium_tools.quantise.static import Quantiser

_FEEDS = 4


def rank(
    name: str, quantiser: Quantiser, reference: Run, feeds: Sequence[Feeds], progress: Progress
) -> list[tuple[str, float]]:
    """Each quantised node with the signal to noise that it leaves, the most harmful first.

    Args:
        name: Of the engine, in messages.
        quantiser: Of its graph.
        reference: The fp32 graph.
        feeds: Inputs; a few of them are used.
        progress: Told of each layer.

    Returns:
        (node, decibels), ascending.
    """
    found = []
    some = feeds[:: max(1, len(feeds) // _FEEDS)][:_FEEDS]
    label = f"{name}: which of {len(quantiser.nodes)} layers INT8 hurts"
    with progress.steps(label, len(quantiser.nodes)) as advance:
        for node in quantiser.nodes:
            others = [other for other in quantiser.nodes if other != node]
            run = GraphRun(name, quantiser.quantise("cpu", others))
            found.append((node, snr_db(reference, run, some)))
            advance(1)
    return sorted(found, key=lambda item: item[1])
