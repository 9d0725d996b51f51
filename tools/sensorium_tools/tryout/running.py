"""Runs a task of the local API in this process, on engines that are loaded for it alone."""

from __future__ import annotations

import functools
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.service.models.pool import Pool
from sensorium.service.tasks import parameters as task_parameters
from sensorium.service.tasks.work import Work
from sensorium_tools.verify import machine

if TYPE_CHECKING:
    from sensorium.service.tasks.task import Task

_LONGEST_S = 3600.0
_KEEP_S = 60.0
_NAMING = ("model", "classifier")
"""Parameters that take an engine's name."""


def parameters(task: Task, name: str) -> dict[str, Any]:
    """What names an engine to a task that has several of one kind."""
    named = (
        item.name for item in fields(task.parameters)
        if item.name in _NAMING and "choices" not in item.metadata
    )
    return dict.fromkeys(named, name)


async def perform(task: Task, value: Any, given: dict[str, Any]) -> dict[str, Any]:
    """One request's answer.

    Args:
        task: Of the catalogue.
        value: What it takes.
        given: Its parameters.

    Returns:
        `outputs`, `engines` and `times`, as the local API gives them.

    Raises:
        EngineError: It has no such parameter.
        SensoriumError: What the task raises.
    """
    known = [item.name for item in fields(task.parameters)]
    if "threshold" in given and "threshold" not in known:
        raise EngineError("--threshold: this task has none", "leave it out")
    chosen = task_parameters.decoded(task.parameters, given)
    load = functools.partial(store.load, threads=machine.cores())
    pool = Pool(load, workers=1, queue=8, keep_s=_KEEP_S)
    try:
        work = Work(pool, _LONGEST_S, caller="try")
        outputs = await task.perform(value, chosen, work)
        return {"outputs": outputs, **work.report()}
    finally:
        await pool.close()
