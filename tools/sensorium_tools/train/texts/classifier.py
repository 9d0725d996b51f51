"""Trains a text classifier: rows, sides, two networks, the better one's file, and its engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineMissing
from sensorium.inference import card as cards
from sensorium.inference import store
from sensorium_tools import build as building
from sensorium_tools.train.engine_folder import mend, placed, staged
from sensorium_tools.train.texts import (
    calibration,
    cleaning,
    files,
    graph,
    jobs,
    scores,
    table,
    vocabulary,
)
from sensorium_tools.train.texts.split import split
from sensorium_tools.verify import machine

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sensorium_tools.progress import Progress
    from sensorium_tools.train.texts.cleaning import Texts
    from sensorium_tools.train.texts.jobs import Lesson, Result

MODELS = ("lstm", "minilm")
_PROCESSES = 2
_CHUNK = 128
"""Texts that a process embeds at a time."""
_CHECKED = 8
"""Texts by which the exported file is held against the network."""


@dataclass(frozen=True)
class Wish:
    """What is to be trained.

    Attributes:
        file: CSV.
        name: Of the engine; empty: from the file's name.
        text: Name of the texts' column.
        label: Name of the labels' column.
        encoding: Of the file; empty: found.
        model: One of `MODELS`; empty: both, and the better on the validation side is exported.
        seed: Decides all.
        replace: Whether a classifier of that name may be replaced.
        room: Where the engine's folder goes, not built; None: among the user's own, and built.
    """

    file: Path
    name: str = ""
    text: str = "text"
    label: str = "label"
    encoding: str = ""
    model: str = ""
    seed: int = 0
    replace: bool = False
    room: Path | None = None


def train(wish: Wish, progress: Progress) -> dict[str, Any]:
    """Trains, judges, writes the engine's folder and builds it.

    Returns:
        The report, plain JSON: "name", "file", "labels", "exported", "why", "models" (of each its
        "validation" and "test" as of `scores.judged`, "temperature", "best" and "epochs",
        "seconds"), "rows", "found", "too_few", "sides", "folder"; where it was built "precision"
        and "precision_why".

    Raises:
        EngineError: When the file, its columns, its rows or the name do not do, or nothing can be
            written; with the remedy. EngineMissing where minilm was not built.
        OSError: When the engine cannot be built or installed.
    """
    name = wish.name or _named(wish.file)
    files.check_name(name)
    for folder in files.places(name, wish.room):
        mend(folder)
    files.check_free(name, wish.room, replace=wish.replace)
    models = (wish.model,) if wish.model else MODELS
    if "minilm" in models:
        _check_embedding()
    rows = table.read(
        wish.file, progress, text=wish.text, label=wish.label, encoding=wish.encoding,
        seed=wish.seed,
    )
    progress.say(f"{len(rows.rows)} rows: looking for copies")
    texts = cleaning.clean(rows.rows)
    lesson = jobs.Lesson(
        texts.truth, len(texts.labels), split(texts.truth, texts.groups, wish.seed), wish.seed
    )
    words = vocabulary.vocabulary(texts.texts[at] for at in lesson.sides.training)
    numbers = vocabulary.numbered(texts.texts, words)
    results, embeddings = _fitted(models, texts, numbers, vocabulary.size(words), lesson, progress)
    report = _report(name, wish, rows, texts, results, lesson)
    kind = report["exported"]
    report["typical"] = int(np.median([len(text) for text in numbers]))
    temperature = report["models"][kind]["temperature"]
    shown = lesson.sides.validation[:_CHECKED]
    if kind == "lstm":
        model = graph.of_lstm(results[kind].parameters, temperature, words)
        feeds: list[NDArray[Any]] = [numbers[at][None] for at in shown]
    else:
        model = graph.of_head(results[kind].parameters, temperature)
        feeds = [embeddings[at][None] for at in shown]
        report["width"] = embeddings.shape[1]
    graph.check(model, feeds, results[kind].validation[:_CHECKED] / temperature)
    _keep(report, model, texts, lesson, wish.room, progress)
    return report


def _named(file: Path) -> str:
    return re.sub("[^a-z0-9]+", "-", file.stem.lower()).strip("-")


def _check_embedding() -> None:
    try:
        store.load(jobs.EMBEDDING).close()
    except EngineMissing as error:
        raise EngineMissing(error.message, f"{error.remedy}, or --model lstm") from error


def _fitted(
    models: tuple[str, ...], texts: Texts, numbers: list[NDArray[np.int64]], words: int,
    lesson: Lesson, progress: Progress,
) -> tuple[dict[str, Result], NDArray[np.float32]]:
    """Each model's result, in the order of `models`; and the embeddings, where one is on them."""
    embeddings = np.zeros((0, 0), np.float32)
    with jobs.bench(min(_PROCESSES, machine.cores(), len(models) + 1), progress) as bench:
        begun = [
            bench.begin(jobs.fit_lstm, numbers, words, lesson) for name in models if name == "lstm"
        ]
        if "minilm" in models:
            parts = [
                bench.begin(jobs.embed, texts.texts[first : first + _CHUNK])
                for first in range(0, len(texts.texts), _CHUNK)
            ]
            embeddings = np.concatenate(bench.finish("embedding", parts))
            begun.append(bench.begin(jobs.fit_head, embeddings, lesson))
        results = dict(zip(models, bench.finish("training", begun), strict=True))
    return results, embeddings


def _report(
    name: str, wish: Wish, rows: table.Table, texts: Texts, results: dict[str, Result],
    lesson: Lesson,
) -> dict[str, Any]:
    truth, sides = texts.truth, lesson.sides
    models: dict[str, dict[str, Any]] = {}
    for kind, result in results.items():
        temperature = calibration.temperature_of(result.validation, truth[sides.validation])
        models[kind] = {
            "temperature": temperature, "best": result.fitted.best,
            "epochs": result.fitted.epochs, "seconds": result.seconds,
            "validation": scores.judged(
                result.validation, truth[sides.validation], texts.labels, temperature
            ),
            "test": scores.judged(result.test, truth[sides.test], texts.labels, temperature),
        }
    best = max(models, key=lambda kind: models[kind]["validation"]["macro_f1"])
    commonest = int(np.bincount(truth[sides.training]).argmax())
    return {
        "kind": "text-classifier", "name": name, "file": wish.file.name, "seed": wish.seed,
        "labels": list(texts.labels), "exported": best,
        "why": "as asked for" if wish.model else "which has the larger macro F1 on the validation "
        "side",
        "models": models,
        "commonest": texts.labels[commonest],
        "baseline": float((truth[sides.test] == commonest).mean()),
        "rows": rows.counts.get("rows", 0), "encoding": rows.encoding,
        "texts": len(texts.texts), "found": {**rows.counts, **texts.found},
        "too_few": texts.too_few,
        "sides": {side: len(places) for side, places in sides._asdict().items()},
    }


def _keep(
    report: dict[str, Any], model: bytes, texts: Texts, lesson: Lesson, room: Path | None,
    progress: Progress,
) -> None:
    """Writes the folder; where it is the user's own, builds the engine first, and keeps texts."""
    name, kind = report["name"], report["exported"]
    folder, *sets = files.places(name, room)
    confused = np.array(report["models"][kind]["test"]["confusion"], np.int64)
    report["folder"] = str(folder)
    made = files.engine(report, model, confused, kind, with_set=bool(sets))
    if not sets:
        with staged(folder, made):
            pass
        return
    chosen = np.random.default_rng(lesson.seed).permutation(lesson.sides.validation)
    timed = min(files.TIMED, len(chosen) // 2)
    parts = {"calibration": chosen[:timed], "evaluation": chosen[timed:][: files.JUDGED]}
    kept = files.samples(
        sets[0].name, report["file"],
        {part: [(texts.labels[texts.truth[at]], texts.texts[at]) for at in places]
         for part, places in parts.items()},
    )
    # The builder looks for the set at its place; the old engine keeps its own until it is built.
    with placed(sets[0], kept, private=True), staged(folder, made) as new:
        card = cards.read(new)
        report["precision"] = building.build(card, progress).precision
        report["precision_why"] = (building.report(card) or {}).get("why", "")
