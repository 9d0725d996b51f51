"""GET /v1/tasks and POST /v1/tasks/{name}."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from sensorium.errors import CardError, EngineMissing
from sensorium.inference import store
from sensorium.perception import picture_file
from sensorium.service import body
from sensorium.service.caller import caller_of
from sensorium.service.operations import answer, operation
from sensorium.service.problem import Problem
from sensorium.service.tasks import (
    bodies,
    catalogue,
    json_schema,
    parameters,
    sound_body,
    texts,
)
from sensorium.service.tasks.task import Takes
from sensorium.service.tasks.work import Work

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context
    from sensorium.service.tasks.task import Task

MOST_JSON = 2 << 20
"""Bytes of a body of texts."""
_WITHIN = {Takes.TEXTS: 32, Takes.PICTURE: 4, Takes.SOUND: 2}
"""Requests of each form at a time: so many bodies, pictures and sounds are held in memory."""
_DECODED = 2
"""Pictures that are being decoded at a time."""


_TASK = json_schema.record({
    "name": json_schema.text(),
    "about": json_schema.text(),
    "content_types": json_schema.array(json_schema.text(), "Of the body that it takes."),
    "parameters": {"type": "object", "description": "Their JSON schema."},
    "output": {"type": "object", "description": "JSON schema of one of its outputs."},
    "engines": json_schema.array(json_schema.record({
        "name": json_schema.text(),
        "built": json_schema.truth(),
        "precision": json_schema.text("Of what is built."),
        "why_not": json_schema.text("It is not built, or what is cannot be used."),
        "build": json_schema.text("The command that builds it."),
        "opt_in": json_schema.text("Why it is built only when it is named; else empty."),
        "licence": json_schema.text(),
    })),
    "ready": json_schema.truth("Whether the engines that it needs are built."),
})
_ANSWER = json_schema.record({
    "task": json_schema.text(),
    "outputs": json_schema.array(
        {"type": "object"}, "One for each input; `output` of GET /v1/tasks says of what form."
    ),
    "engines": json_schema.array(json_schema.record({
        "name": json_schema.text(), "precision": json_schema.text(), "device": json_schema.text(),
    }), "Those that answered."),
    "times": json_schema.record({
        "total_ms": json_schema.number("From the body's last byte on."),
        "engines_ms": json_schema.number("Of this the engines."),
    }),
})
_TEXTS = json_schema.record({
    "inputs": {"oneOf": [json_schema.text(), json_schema.array(json_schema.text())]},
    "parameters": {"type": "object"},
}, optional=("parameters",))
_FILE = {"type": "string", "format": "binary"}
OPENAPI_PATHS: dict[str, Any] = {
    "/v1/tasks": {
        "get": operation(
            "Which tasks there are: what each takes and gives, its engines and whether they are "
            "built",
            {"200": answer("Them", json_schema.record({"tasks": json_schema.array(_TASK)}))},
        )
    },
    "/v1/tasks/{name}": {
        "post": operation(
            "Do a task: texts as JSON; a picture or a sound as the body, its parameters in the "
            "query",
            {"200": answer("Its outputs, and what made them", _ANSWER)},
            400, 404, 408, 413, 415, 422, 504,
            body={"application/json": _TEXTS} | {
                kind: _FILE for takes in (Takes.PICTURE, Takes.SOUND) for kind in takes.value
            },
            parameters=(
                {
                    "in": "path", "name": "name", "required": True,
                    "schema": {"type": "string", "enum": list(catalogue.TASKS)},
                },
            ),
        )
    },
}


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    service = _Tasks(context)
    return [
        Route("/v1/tasks", service.describe, methods=["GET"]),
        Route("/v1/tasks/{name}", service.perform, methods=["POST"]),
    ]


class _Tasks:
    """The tasks, and who is within."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tasks = catalogue.make(context.settings)
        self._entrances = {
            takes: bodies.Entrance(most, f"a body of {takes.value[0]}")
            for takes, most in _WITHIN.items()
        }
        self._decoding = asyncio.Semaphore(_DECODED)

    async def describe(self, _request: Request) -> Response:
        """GET /v1/tasks."""
        # It reads files.
        tasks = await asyncio.to_thread(
            lambda: [catalogue.described(name, task) for name, task in self._tasks.items()]
        )
        return _answer({"tasks": tasks})

    async def perform(self, request: Request) -> Response:
        """POST /v1/tasks/{name}."""
        name = request.path_params["name"]
        task = self._tasks.get(name)
        if task is None:
            raise Problem(404, "there is no such task", f"there are: {', '.join(self._tasks)}")
        bodies.check_type(request, task.takes.value, _remedy(task))
        async with self._entrances[task.takes].enter():
            inputs, given = await self._inputs(request, task)
            chosen = parameters.decoded(task.parameters, given)
            caller = caller_of(request)
            work = Work(self._context.engines, chosen.timeout_s, caller.who)
            try:
                outputs = await _while_wanted(request, task.perform(inputs, chosen, work))
            except EngineMissing as error:
                raise await asyncio.to_thread(_missing, error, task) from error
            return _answer({"task": name, "outputs": outputs, **work.report()})

    async def _inputs(self, request: Request, task: Task) -> tuple[Any, dict[str, Any]]:
        """What the task gets, and its parameters as they were given."""
        if task.takes is Takes.TEXTS:
            data = await body.read(
                request, MOST_JSON, remedy="send the texts in several requests"
            )
            content = bodies.json_object(data)
            for key in content.keys() - {"inputs", "parameters"}:
                raise Problem(422, f"{key!a}: there is no such key", "allowed: inputs, parameters")
            given = content.get("parameters", {})
            if not isinstance(given, dict):
                raise Problem(422, "parameters: is no object", 'send {"parameters": {...}}')
            return texts.checked(content.get("inputs")), given
        settings = self._context.settings
        most = settings.max_body_mib << 20
        given = parameters.of_query(task.parameters, request.query_params)
        # Wrong parameters are told before a large body is read.
        parameters.decoded(task.parameters, given)
        if task.takes is Takes.SOUND:
            return await sound_body.read(request, settings.longest_sound_min, most), given
        data = await body.read(request, most)
        async with self._decoding:
            return await asyncio.to_thread(_picture, data), given


def _picture(data: bytes) -> Any:
    try:
        return picture_file.read(data)
    except picture_file.TooLarge as error:
        raise Problem(413, f"the picture's {error}", "send a smaller one") from error
    except ValueError as error:
        raise Problem(
            422, f"the picture cannot be read: {error}", "send a whole PNG, JPEG or WebP file"
        ) from error


async def _while_wanted(request: Request, work: Coroutine[Any, Any, list[Any]]) -> list[Any]:
    """Does the work unless the caller goes away meanwhile.

    Raises:
        ClientDisconnect: The caller is gone.
    """
    doing = asyncio.create_task(work)
    watching = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((doing, watching), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise ClientDisconnect
    finally:
        for each in (doing, watching):
            each.cancel()
        await asyncio.gather(doing, watching, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _remedy(task: Task) -> str:
    if task.takes is Takes.SOUND:
        return (
            "send a WAV file as audio/wav (FLAC, Ogg and MP3 as audio/flac, audio/ogg, "
            "audio/mpeg): ffmpeg -i FILE -ac 1 -ar 16000 sound.wav"
        )
    return ""


def _missing(error: EngineMissing, task: Task) -> Problem:
    """Says why an engine is not there by itself, where its card does. Looks at the disk."""
    said = error.message
    for name in task.engines:
        if f" {name} " in f"{said} ":
            try:
                opt_in = store.find_card(name).engine.opt_in
            except CardError:
                continue
            said += f"; it is built only when it is named: {opt_in}" if opt_in else ""
    return Problem(404, said, error.remedy)


def _answer(content: Any) -> Response:
    # A label may hold half of a surrogate pair, which UTF-8 cannot: so all is written in ASCII.
    data = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return Response(data.encode("ascii"), media_type="application/json")
