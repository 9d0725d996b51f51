"""What `sensorium-engines try` does: finds the engine and its task, runs it, shows the result."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium import config
from sensorium.errors import EngineError, EngineMissing
from sensorium.inference import store
from sensorium.service.tasks import catalogue
from sensorium.service.tasks.object_boxes import ENGINE as DETECTOR
from sensorium.service.tasks.task import Takes
from sensorium_tools.install import write
from sensorium_tools.tryout import inputs, running
from sensorium_tools.tryout.canvas import Canvas
from sensorium_tools.tryout.shown import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.inference.card import Card
    from sensorium.service.tasks.task import Task
    from sensorium_tools.progress import Progress

_LONGEST = 100
"""Characters of the input that are shown."""


def target(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The engine that is meant and what it is to be tried on.

    Args:
        words: Of the command line: an engine's name and its input, or a picture for the detector.
    """
    first, *rest = words
    if first in store.names() or (rest and not Path(first).is_file()):
        return first, tuple(rest)
    return DETECTOR, tuple(words)


def tried(
    name: str, given: tuple[str, ...], progress: Progress, *,
    threshold: float | None = None, output: Path | None = None,
) -> dict[str, Any]:
    """Runs an engine on an input and shows what it says.

    Args:
        name: Of its card.
        given: The path of a picture or sound, or texts.
        progress: Told that it is on its way.
        threshold: Smallest score; None: the task's own.
        output: What a picture is drawn into; None: a file beside it.

    Returns:
        The answer as the local API gives it, and `page`, which shows it.

    Raises:
        CardError: There is no such engine.
        EngineMissing: It was not built.
        EngineError: It cannot be tried, or not on that.
        OSError: A file cannot be read or written.
    """
    card = store.find_card(name)
    settings = config.load(config.find()).service
    task_name, task = _task(card, catalogue.make(settings))
    _check_built(card)
    if not given:
        raise EngineError(
            f"{name}: there is nothing to try it on", f"sensorium-engines try {name} {_form(task)}"
        )
    is_picture = task.takes is Takes.PICTURE
    if output is not None and not is_picture:
        raise EngineError(f"{name} draws no picture", "leave --output out")
    show = shown(task_name)
    parameters = {**running.parameters(task, name), **show.parameters(name)}
    if threshold is not None:
        parameters["threshold"] = threshold
    value = inputs.read(task.takes, given, name, settings.longest_sound_min)
    place = _place(Path(given[0]), name, output) if is_picture else None
    with progress.steps(f"trying {name}", 1) as advance:
        answer = asyncio.run(running.perform(task, value, parameters))
        advance(1)
    row: dict[str, Any] = {"state": "tried", "task": task_name, "input": list(given), **answer}
    lines = show.lines(name, list(given), answer["outputs"])
    if place is not None:
        canvas = Canvas(value)
        show.draw(canvas, answer["outputs"][0])
        file = io.BytesIO()
        canvas.image.save(file, "PNG")
        write(place, file.getvalue())
        row["drawn"] = str(place)
        lines.append(f"drawn into {place}")
    return {**row, "page": "\n".join([_head(row), *(f"  {line}" for line in lines)])}


def _task(card: Card, tasks: dict[str, Task]) -> tuple[str, Task]:
    for name, task in tasks.items():
        if card.name in task.engines:
            return name, task
    able = sorted({engine for task in tasks.values() for engine in task.engines})
    raise EngineError(
        f"{card.name}: no task shows by itself what it does",
        f"these can be tried: {', '.join(able)}",
    )


def _check_built(card: Card) -> None:
    try:
        store.built(card)
    except EngineMissing as error:
        why = f"; it is built only when it is named: {card.engine.opt_in}"
        raise EngineMissing(
            error.message + why * bool(card.engine.opt_in), error.remedy
        ) from error


def _form(task: Task) -> str:
    return {Takes.PICTURE: "PICTURE", Takes.SOUND: "SOUND.wav", Takes.TEXTS: '"a text"'}[task.takes]


def _place(picture: Path, name: str, output: Path | None) -> Path:
    """Where the result is drawn into; never the picture itself."""
    place = output or picture.with_name(f"{picture.stem}-{name}.png")
    if place.suffix.lower() != ".png":
        raise EngineError(f"{place}: the result is a PNG file", "give --output a name with .png")
    if not place.parent.is_dir():
        raise EngineError(f"{place.parent}: there is no such folder", "make it, or name another")
    if place.exists() and (place.samefile(picture) or not place.is_file()):
        raise EngineError(
            f"{place}: is {'the picture itself' if place.is_file() else 'no file'}",
            "give --output another name",
        )
    return place


def _head(row: dict[str, Any]) -> str:
    engines = ", ".join(f"{each['name']} ({each['precision']})" for each in row["engines"])
    what = ", ".join(row["input"])
    what = what if len(what) <= _LONGEST else what[: _LONGEST - 3] + "..."
    return f"{what}: {row['task']} by {engines}, engines {row['times']['engines_ms']:.1f} ms"
