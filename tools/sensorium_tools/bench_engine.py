"""Times an installed engine as the daemon runs it, beside ONNX Runtime alone and beside fp32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineMissing
from sensorium.inference import store
from sensorium.inference.feeds import FeedCheck
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.graphs import graph
from sensorium_tools.install import installed
from sensorium_tools.verify import machine
from sensorium_tools.verify.speed import compare

if TYPE_CHECKING:
    from sensorium.inference.card import Card
    from sensorium_tools.progress import Progress


def bench(card: Card, progress: Progress) -> dict[str, Any]:
    """Times of an installed engine at its typical sizes, on zeros.

    Returns:
        precision, p50_ms, p99_ms; `bare_run` and `fp32`: the median time of ONNX Runtime's own
        call on the same file, and of the fp32 graph, over this engine's.

    Raises:
        EngineMissing: When it was not built.
    """
    manifest = installed(card)
    if manifest is None:
        raise EngineMissing(
            f"the engine {card.name} was not built", f"sensorium-engines build {card.name}"
        )
    threads = machine.threads()
    engine = store.load(card.name, threads)
    try:
        data = (store.built_folder(card.name) / manifest.file).read_bytes()
        fp32 = graph(card, progress)
        times = compare(
            {
                "engine": lambda: engine.run,
                "bare": lambda: GraphRun(card.name, data, threads),
                "fp32": lambda: GraphRun(card.name, fp32, threads),
            },
            [FeedCheck(manifest).zeros()],
            progress,
            f"{card.name}: timing",
        )
    finally:
        engine.close()
    return {
        "precision": manifest.precision,
        "p50_ms": times["engine"].p50_ms,
        "p99_ms": times["engine"].p99_ms,
        "bare_run": 1 / times["bare"].speedup,
        "fp32": 1 / times["fp32"].speedup,
        "machine": machine.about(),
    }
