"""The artefact for TensorRT: S8S8 from the same ranges, judged as far as no GPU is needed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import onnx

from sensorium.errors import EngineError
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.plan.build import MODULES, build_plan, missing
from sensorium_tools.plan.layers import weighted_int8
from sensorium_tools.plan.region_align import without_region_align
from sensorium_tools.quantise.lint import lint
from sensorium_tools.quantise.weights import coverage
from sensorium_tools.verify import machine
from sensorium_tools.verify.error import snr_db
from sensorium_tools.verify.report import Tensorrt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.card import Card
    from sensorium_tools.evaluate import Run
    from sensorium_tools.plan.build import Plan
    from sensorium_tools.progress import Progress
    from sensorium_tools.quantise.kept import KeptQuantiser
    from sensorium_tools.quantise.recorder import Feeds
    from sensorium_tools.verify.trial import Trial


@dataclass(frozen=True)
class Target:
    """What there is for TensorRT.

    Attributes:
        report: For a person.
        kind: rtx or tensorrt.
        plan: None where it was not built.
        precision: Of the graph that the plan is of.
    """

    report: Tensorrt
    kind: str
    plan: Plan | None
    precision: str


def tensorrt(
    card: Card,
    fp32: bytes,
    made: KeptQuantiser | None,
    trial: Trial | None,
    reference: Run,
    feeds: list[Feeds],
    kept: Mapping[str, float],
    progress: Progress,
) -> Target | None:
    """Makes the S8S8 graph, lints it, runs it as written and builds its plan.

    Where there is no such graph, or it is not as good as the card demands, fp32 takes its place.

    Returns:
        None where the card names no GPU.
    """
    wanted = card.target("rtx") or card.target("tensorrt")
    if wanted is None:
        return None
    report, precision = Tensorrt("not made", "there is no recipe or no calibration for it"), "fp32"
    data = without_region_align(fp32)
    rewritten = "its RoiAlign is written in other operators" if data != fp32 else ""
    if card.quantisation.scheme == "dynamic":
        report = Tensorrt("not made", "its recipe is dynamic, which TensorRT does not have")
    elif made is not None and trial is not None and "int8" in wanted.precision:
        report, passed, int8 = _int8(card, made, trial, reference, feeds, kept)
        if passed:
            data, precision = int8, "int8"
    state, why, built = _plan(card, wanted.kind, data, precision, progress)
    said = {"state": state, "why": "; ".join(filter(None, (report.why, rewritten, why)))}
    return Target(
        Tensorrt(**{**asdict(report), **said, "plan": _about(built, precision)}),
        wanted.kind, built, precision,
    )


def _int8(
    card: Card,
    made: KeptQuantiser,
    trial: Trial,
    reference: Run,
    feeds: list[Feeds],
    kept: Mapping[str, float],
) -> tuple[Tensorrt, bool, bytes]:
    try:
        data = without_region_align(made.quantise("tensorrt", kept))
        run = GraphRun(card.name, data, machine.cores(), as_written=True)
        accuracy = trial.judge("S8S8 as written", run)
    except EngineError as error:
        return Tensorrt("not made", error.message), False, b""
    findings = tuple(
        f"{finding.node}: {finding.rule}: {finding.says}"
        for finding in lint(onnx.load_from_string(data), "tensorrt")
    )
    passed = not findings and accuracy.passed
    report = Tensorrt(
        "made",
        f"its S8S8 graph {'is good enough' if passed else 'is refused'}: {accuracy.why}",
        bytes=len(data),
        snr_db=snr_db(reference, run, feeds),
        agreement=asdict(accuracy.agreement),
        findings=findings,
        layers=coverage(made.model, onnx.load_from_string(data), card.quantisation, kept),
    )
    return report, passed, data


def _plan(
    card: Card, kind: str, data: bytes, precision: str, progress: Progress
) -> tuple[str, str, Plan | None]:
    """Builds the plan where its builder is here; state, why and plan."""
    reason = missing(kind)
    if reason:
        return "no plan", f"its plan is not built here: {reason}", None
    progress.say(f"{card.name}: plan for {MODULES[kind]} in {precision}")
    try:
        plan = build_plan(data, card, lambda _step, _done, _of: None, kind=kind)
    except EngineError as error:
        return "refused", error.message, None
    inside, outside = weighted_int8(plan.layers)
    return (
        "built",
        f"{MODULES[kind]} {plan.version} builds its {precision} graph for compute "
        f"{', '.join(plan.compute) or 'of this PC'}; "
        f"weighted layers in INT8: {inside} of {inside + len(outside)}",
        plan,
    )


def _about(plan: Plan | None, precision: str) -> dict[str, Any] | None:
    if plan is None:
        return None
    inside, outside = weighted_int8(plan.layers)
    return {
        "precision": precision,
        "version": plan.version,
        "compute": plan.compute,
        "bytes": len(plan.data),
        "int8": inside,
        "others": outside,
        "left_out": plan.left_out,
        "warnings": plan.warnings,
    }
