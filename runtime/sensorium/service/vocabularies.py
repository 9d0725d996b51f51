"""Vocabularies that apps register: checked whole, kept as files, live without a restart."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sensorium import folders
from sensorium.control.audit import write_private
from sensorium.errors import ConfigError, ControlError
from sensorium.perception.commands import vocabulary_file
from sensorium.perception.commands.folder import MAX_FILES
from sensorium.service import body, json_body
from sensorium.service.caller import caller_of
from sensorium.service.operations import (
    ANY_OBJECT,
    TEXT,
    WHOLE,
    answer,
    members,
    operation,
    parameter,
    several,
)
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context

_MAX_BYTES = 4 << 20
_PREFIX = "api-"
_UNNAMED = "b50d8f3e6c1a4f29"
"""The name of one that says none: nobody chooses it."""
_VOCABULARY = members(
    {"name": TEXT, "app": TEXT, "commands": WHOLE, "phrases": WHOLE, "file": TEXT}
)
_NAME = parameter("path", "name", {"type": "string", "minLength": 1, "maxLength": 31})
OPENAPI_PATHS: dict[str, Any] = {
    "/v1/vocabularies": {
        "get": operation(
            "The app's vocabularies that it registered here",
            {"200": answer("Them", members({"vocabularies": several(_VOCABULARY)}))},
        )
    },
    "/v1/vocabularies/{name}": {
        "put": operation(
            "Register a vocabulary, in the place of the one of that name; kept, and live at once",
            {"200": answer("What was understood", _VOCABULARY)},
            400, 409, 413, 415, 422,
            body={"application/toml": TEXT, "application/json": ANY_OBJECT},
            parameters=(_NAME,),
        ),
        "delete": operation(
            "Forget it", {"204": {"description": "It is gone"}}, 400, 404, parameters=(_NAME,)
        ),
    },
}
_TOML = ("application/toml", "text/plain")


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part: an app sees and changes its own vocabularies alone."""

    async def listed(request: Request) -> Response:
        app = caller_of(request).app
        return JSONResponse({"vocabularies": await asyncio.to_thread(_listed, app)})

    async def put(request: Request) -> Response:
        app, name = caller_of(request).app, _name(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            text = _as_toml(await json_body.read(request, _MAX_BYTES))
        elif kind in _TOML:
            text = _text(await body.read(request, _MAX_BYTES))
        else:
            raise Problem(
                415, "a vocabulary is TOML or JSON",
                "send Content-Type: application/toml, or application/json",
            )
        return JSONResponse(await asyncio.to_thread(_keep, app, name, text))

    async def delete(request: Request) -> Response:
        await asyncio.to_thread(_forget, caller_of(request).app, _name(request))
        return Response(status_code=204)

    return [
        Route("/v1/vocabularies", listed, methods=["GET"]),
        Route("/v1/vocabularies/{name}", put, methods=["PUT"]),
        Route("/v1/vocabularies/{name}", delete, methods=["DELETE"]),
    ]


def _folder() -> Path:
    return folders.config_dir() / "vocabularies"


def _file(app: str, name: str) -> Path:
    # Names of apps and vocabularies are any letters; the file's is made of none of them.
    of_app, of_name = (hashlib.sha256(text.encode()).hexdigest()[:16] for text in (app, name))
    return _folder() / f"{_PREFIX}{of_app}-{of_name}.toml"


def _listed(app: str) -> list[dict[str, Any]]:
    # The second half of the pattern is any name's.
    pattern = _file(app, "").name[: -len("0123456789abcdef.toml")] + "*.toml"
    return [_described(path) for path in sorted(_folder().glob(pattern))]


def _described(path: Path) -> dict[str, Any]:
    vocabulary = vocabulary_file.read(path)
    commands = {phrase.command for phrase in vocabulary.phrases}
    return {
        "name": vocabulary.name, "app": vocabulary.app, "commands": len(commands),
        "phrases": len(vocabulary.phrases), "file": path.name,
    }


def _keep(app: str, name: str, text: str) -> dict[str, Any]:
    """Checks a vocabulary and puts it in the place of the one before.

    Raises:
        ConfigError: Names line and key of what is wrong.
        Problem: It is of another app or name, or there are too many.
        ControlError: It cannot be written.
    """
    path = _file(app, name)
    with tempfile.TemporaryDirectory(prefix="sensorium-") as room:
        draft = Path(room) / f"{_UNNAMED}.toml"
        try:
            draft.write_text(text, "utf-8")
            vocabulary = vocabulary_file.read(draft)
        except ConfigError as error:
            said = error.message.replace(str(draft), "the vocabulary")
            raise ConfigError(said, error.remedy) from error
        except OSError as error:
            raise ControlError(f"{draft}: cannot be written: {error.strerror}") from error
    if vocabulary.app != app:
        raise Problem(
            403, "a vocabulary is of the app that registers it",
            "write the name of the header Sensorium-App as its app",
        )
    if vocabulary.name not in (name, _UNNAMED):
        raise Problem(400, "the vocabulary has another name than the path")
    if vocabulary.name != name:
        text = f"name = {_quoted(name)}\n{text}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() and len(list(path.parent.glob("*.toml"))) >= MAX_FILES:
            raise Problem(
                409, f"there are {MAX_FILES} vocabularies already", "delete one of them"
            )
        write_private(path, text.encode())
        return _described(path)
    except OSError as error:
        raise ControlError(f"{path}: cannot be written: {error.strerror}") from error


def _forget(app: str, name: str) -> None:
    path = _file(app, name)
    try:
        path.unlink()
    except FileNotFoundError as error:
        raise Problem(404, "the app has no such vocabulary", "see GET /v1/vocabularies") from error
    except OSError as error:
        raise ControlError(f"{path}: cannot be deleted: {error.strerror}") from error


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    if not name.isprintable() or not 1 <= len(name.encode("utf-8", "replace")) <= (
        vocabulary_file.NAME_BYTES
    ):
        raise Problem(
            400, "the path's last part is no name",
            f"1 to {vocabulary_file.NAME_BYTES} bytes of letters that can be seen",
        )
    return name


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, f"the body is not UTF-8: byte {error.start}") from error


def _as_toml(content: dict[str, Any]) -> str:
    try:
        text = tomli_w.dumps(content)
        text.encode()
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise Problem(
            400, "the body has what no vocabulary has", "texts, numbers, lists and objects alone"
        ) from error


def _quoted(name: str) -> str:
    return tomli_w.dumps({"name": name}).partition("=")[2].strip()
