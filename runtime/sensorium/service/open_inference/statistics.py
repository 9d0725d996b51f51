"""What runs took, as the statistics extension says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.service.open_inference.answer import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.service.models.figures import BatchFigures, Duration
    from sensorium.service.models.residency import Resident


def document(residents: Sequence[Resident]) -> dict[str, Any]:
    """The figures of some engines."""
    return {"model_stats": [_model(resident) for resident in residents]}


def _model(resident: Resident) -> dict[str, Any]:
    figures = resident.figures
    return {
        "name": resident.name,
        "version": VERSION,
        "last_inference": figures.last_ms,
        "inference_count": figures.rows,
        "execution_count": figures.whole.run.count,
        "inference_stats": {
            "success": _duration(figures.succeeded),
            "fail": _duration(figures.failed),
            "queue": _duration(figures.queued),
            **_parts(figures.whole),
            "cache_hit": {"count": 0, "ns": 0},
            "cache_miss": {"count": 0, "ns": 0},
        },
        "batch_stats": [
            {"batch_size": size, **_parts(batch)} for size, batch in sorted(figures.batches.items())
        ],
        "p50_ns": figures.percentile_ns(0.5),
        "p99_ns": figures.percentile_ns(0.99),
    }


def _parts(figures: BatchFigures) -> dict[str, Any]:
    return {
        "compute_input": _duration(figures.input),
        "compute_infer": _duration(figures.run),
        "compute_output": _duration(figures.output),
    }


def _duration(duration: Duration) -> dict[str, int]:
    return {"count": duration.count, "ns": duration.ns}
