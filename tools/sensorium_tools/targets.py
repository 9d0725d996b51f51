"""The artefact for TensorRT: S8S8 from the same ranges, as far as it can be judged without a GPU."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import onnx

from sensorium.errors import EngineError
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.plan.build import build_plan, missing
from sensorium_tools.plan.layers import weighted_int8
from sensorium_tools.quantise.lint import lint
from sensorium_tools.quantise.static import StaticQuantiser
from sensorium_tools.verify.error import snr_db
from sensorium_tools.verify.report import Tensorrt

if TYPE_CHECKING:
    from collections.abc import Collection

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate import Run
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.recorder import Feeds
    from sensorium_tools.quantise.static import Quantiser
    from sensorium_tools.verify.trial import Trial

_SAMPLES = 64


def tensorrt(
    card: Card,
    made: Quantiser | None,
    trial: Trial | None,
    reference: Run,
    feeds: list[Feeds],
    kept: Collection[str],
    progress: Progress,
) -> Tensorrt | None:
    """Makes the S8S8 graph, lints it and runs it as written.

    Returns:
        What is known of it; None where the card names no GPU.
    """
    if card.target("rtx") is None and card.target("tensorrt") is None:
        return None
    if not isinstance(made, StaticQuantiser) or trial is None:
        why = "its recipe is dynamic" if made else "there is no INT8 graph of it"
        return Tensorrt("not made", f"{why}: it runs in fp16 or fp32 there")
    try:
        data = made.quantise("tensorrt", kept)
        run = GraphRun(card.name, data, as_written=True)
        accuracy = trial.judge("S8S8 as written", run, _SAMPLES)
    except EngineError as error:
        return Tensorrt("not made", error.message)
    state, why, plan = _plan(card, data, progress)
    findings = tuple(
        f"{finding.node}: {finding.rule}: {finding.says}"
        for finding in lint(onnx.load_from_string(data), "tensorrt")
    )
    return Tensorrt(
        state,
        why,
        plan=plan,
        bytes=len(data),
        snr_db=snr_db(reference, run, feeds),
        agreement=asdict(accuracy.agreement),
        findings=findings,
    )


def _plan(
    card: Card, data: bytes, progress: Progress
) -> tuple[str, str, dict[str, Any] | None]:
    """Builds the plan for RTX where its builder is here; state, why and what it made."""
    if card.target("rtx") is None:
        return "converted", "its plan is built on the device", None
    reason = missing()
    if reason:
        return "converted", f"its plan is not built here: {reason}", None
    try:
        with progress.steps(f"{card.name}: plan for RTX", 0) as advance:
            plan = build_plan(data, card, lambda _step, _done, _of: advance(0))
    except EngineError as error:
        return "refused", error.message, None
    inside, outside = weighted_int8(plan.layers)
    return (
        "built",
        f"TensorRT for RTX {plan.version} builds it ahead of time for compute "
        f"{', '.join(plan.compute)}; weighted layers in INT8: {inside} of {inside + len(outside)}",
        {
            "version": plan.version,
            "compute": plan.compute,
            "bytes": len(plan.data),
            "int8": inside,
            "others": outside,
            "left_out": plan.left_out,
            "warnings": plan.warnings,
        },
    )
