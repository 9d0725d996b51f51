"""One page for a person: where an engine is from, what was decided of it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensorium.inference.card import Card


def explanation(card: Card, report: Mapping[str, Any] | None) -> str:
    """The page of a card.

    Args:
        card: Of the engine.
        report: Of the installed engine; None where there is none.
    """
    return "\n".join([*_origin(card), *_ports(card), *_recipe(card), *_verdict(card, report)])


def _origin(card: Card) -> Iterator[str]:
    yield f"{card.name}: {card.engine.title}" if card.engine.title else card.name
    yield f"  made by      {card.upstream.project}"
    stated = f": {card.upstream.licence_from}" if card.upstream.licence_from else ""
    yield f"  licence      {card.upstream.licence}{stated}"
    if card.engine.opt_in:
        yield f"  opt-in       {card.engine.opt_in}"
    if card.engine.unverified:
        yield f"  not verified by the project: {card.engine.unverified}"
    for source in card.sources:
        if source.kind == "package":
            yield f"  from         {source.package}=={source.version}, {source.file}"
        else:
            yield f"  from         {', '.join(source.urls or source.paths)}"
    for weight in card.weights:
        yield f"  weights      {weight.name}, sha256 {weight.sha256}"


def _ports(card: Card) -> Iterator[str]:
    for what, ports in (("takes", card.inputs), ("gives", card.outputs)):
        for port in ports:
            shape = ", ".join(str(size) for size in port.shape)
            meaning = f", {port.unit}: {port.about}" if port.about else ""
            yield f"  {what:<12} {port.name} {port.type} [{shape}]{meaning}"
    for axis in card.axes:
        yield f"  {axis.name:<12} {axis.min} to {axis.max}, typically {axis.typical}"


def _recipe(card: Card) -> Iterator[str]:
    recipe, gates = card.quantisation, card.gates
    if recipe.scheme == "none":
        yield f"  recipe       stays in fp32: {recipe.why}"
    else:
        parts = [recipe.scheme, ", ".join(recipe.operators)]
        if recipe.scheme == "static":
            parts.append(f"ranges by {recipe.calibrator}")
        if recipe.per_channel:
            parts.append("a scale for each channel")
        if recipe.exclude:
            parts.append(f"not {', '.join(recipe.exclude)}")
        if recipe.why:
            parts.append(recipe.why)
        yield f"  recipe       {'; '.join(parts)}"
        yield (
            f"  gates        loses at most {gates.max_loss:g} of its metric, else agrees on at "
            f"least {gates.min_agreement:g}; more than {gates.min_speedup:g} times as fast as fp32"
        )
    yield (
        f"  judged by    {card.evaluation.task} on {', '.join(card.evaluation.sets) or 'no set'}"
    )


def _verdict(card: Card, report: Mapping[str, Any] | None) -> Iterator[str]:
    if report is None:
        yield f"  not built: sensorium-engines build {card.name}"
        return
    yield f"  installed    {report['installed']}, on {report['date']}: {report['why']}"
    for row in report["precisions"]:
        if row["bytes"]:
            why = f"; {row['why']}" if row["why"] else ""
            yield (
                f"  {row['name']:<12} {row['state']}: {row['bytes'] / 1e6:.2f} MB, "
                f"{row['p50_ms']:.3f} ms, {row['speedup']:.2f} x as fast as fp32{why}"
            )
        else:
            yield f"  {row['name']:<12} {row['state']}: {row['why']}"
    for name, decibels in report["kept"].items():
        yield f"  kept fp32    {name}: INT8 alone leaves it {decibels:.1f} dB"
    for name, why in report.get("int8", {}).items():
        if why != "int8" and name not in report["kept"]:
            yield f"  not INT8     {name}: {why}"
    if report["tensorrt"]:
        yield f"  TensorRT     {report['tensorrt']['state']}: {report['tensorrt']['why']}"
