"""The report of a training in words: the page beside the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium_tools.train.texts.split import FEWEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FOUND = {
    "short": "rows without both columns were left out",
    "empty": "rows without a text or a label were left out",
    "long labels": "rows with a label of over 200 characters were left out",
    "damaged": "texts had control characters or unreadable bytes, which were taken out",
    "cut": "texts were cut at 2,000 characters",
    "not drawn": "rows beyond 100,000 were left out: the others were drawn by the seed",
    "duplicates": "rows were copies of a text and count once",
    "contradictory": "texts were left out, whose copies have different labels equally often",
    "near-duplicates": "texts are nearly the same as another; such are on one side of the split",
}
_NAMES = {"lstm": "embedding, LSTM, linear", "minilm": "head on MiniLM"}


def readme(report: Mapping[str, Any]) -> str:
    """The page; see `classifier.train` for the report."""
    exported = report["exported"]
    return "\n".join([
        f"# {report['name']}",
        "",
        f"Labels of texts, learned from {_code(report['file'])} by `sensorium-engines train "
        f"text-classifier` with the seed {report['seed']}. Exported: **{_NAMES[exported]}**, "
        f"{report['why']}.",
        "",
        *_table(report),
        "",
        "Accuracy with its 95 % interval, in fp32. ECE is the expected calibration error (15 "
        "bins), before and after all logits were divided by the temperature. The validation side "
        "chose that temperature, the epoch, the model where both were trained, and where the "
        "engine is built whether INT8 is good enough; the test side chose nothing.",
        "",
        *_classes(report["models"][exported]["test"]),
        "",
        "![How often each label was taken for each](confusion.png)",
        "",
        "## The rows",
        "",
        *_rows(report),
        "",
    ])


def _table(report: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "| model | side | texts | accuracy | macro F1 | ECE before | ECE | temperature | epochs | "
        "trained in |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, model in report["models"].items():
        for side in ("validation", "test"):
            found = model[side]
            yield (
                f"| {_NAMES[name]} | {side} | {found['texts']} | {found['accuracy']:.3f} "
                f"({found['low']:.3f} to {found['high']:.3f}) | {found['macro_f1']:.3f} | "
                f"{found['ece_before']:.3f} | {found['ece']:.3f} | {model['temperature']:.2f} | "
                f"{model['best']} of {model['epochs']} | {model['seconds']:.0f} s |"
            )
    yield (
        f"| always {_cell(report['commonest'])} | test | {report['sides']['test']} | "
        f"{report['baseline']:.3f} | | | | | | |"
    )


def _classes(found: Mapping[str, Any]) -> Iterator[str]:
    yield "| label | precision | recall | F1 | texts |"
    yield "|---|---|---|---|---|"
    for each in found["classes"]:
        yield (
            f"| {_cell(each['label'])} | {each['precision']:.3f} | {each['recall']:.3f} | "
            f"{each['f1']:.3f} | {each['texts']} |"
        )


def _rows(report: Mapping[str, Any]) -> Iterator[str]:
    sides = report["sides"]
    yield (
        f"{report['rows']} rows in {report['encoding']}; {report['texts']} texts were used: "
        f"{sides['training']} to learn from, {sides['validation']} for validation, {sides['test']} "
        "to judge."
    )
    found = [(report["found"].get(name, 0), said) for name, said in _FOUND.items()]
    if any(count for count, _ in found) or report["too_few"]:
        yield ""
    yield from (f"- {count} {said}." for count, said in found if count)
    for name, count in report["too_few"].items():
        yield (
            f"- The label {_code(name)} was left out: it has {count} texts that are not alike, "
            f"{FEWEST} are needed; alike ones count once, for the label that most of them have."
        )


def _cell(text: str) -> str:
    return _code(text.replace("|", "\\|"))


def _code(text: str) -> str:
    """A text as Markdown shows it unchanged."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"
