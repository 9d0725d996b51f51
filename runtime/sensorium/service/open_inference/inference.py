"""The protocol's own routes: health, metadata, ready, infer; and statistics."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from sensorium.service import body
from sensorium.service.caller import caller_of
from sensorium.service.open_inference import (
    answer,
    message,
    metadata,
    shapes,
    statistics,
    tensors,
    transfer,
)
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from sensorium.service.context import Context

OPENAPI_PATHS: dict[str, Any] = shapes.INFERENCE
_MODEL = "/v2/models/{name}"
_VERSION = "/versions/{version}"


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    pool, regions = context.engines, context.tensors
    max_bytes = context.settings.max_body_mib << 20

    async def live(_: Request) -> Response:
        return transfer.Json({"live": True})

    async def ready(_: Request) -> Response:
        return transfer.Json({"ready": True})

    async def server(_: Request) -> Response:
        return transfer.Json(metadata.server())

    async def model(request: Request) -> Response:
        built = await pool.built(_name(request))
        return transfer.Json(metadata.model(built.manifest, batches=built.batching is not None))

    async def model_ready(request: Request) -> Response:
        name = _name(request)
        if not await pool.is_ready(name):
            raise Problem(
                400, f"the engine {name} was unloaded", f"POST /v2/repository/models/{name}/load"
            )
        return transfer.Json({"name": name, "ready": True})

    async def stats(request: Request) -> Response:
        residents = pool.residents()
        if "name" in request.path_params:
            name = _name(request)
            await pool.built(name)
            residents = tuple(one for one in pool.residents() if one.name == name)
        return transfer.Json(statistics.document(residents))

    async def infer(request: Request) -> Response:
        name, caller = _name(request), caller_of(request)
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Problem(415, "a compressed body is not taken", "send it as it is")
        with ExitStack() as stack:
            share = stack.enter_context(context.held.share())
            length = request.headers.get(transfer.HEADER_LENGTH)
            padding = message.padding(length)
            content = await body.placed(request, max_bytes, share.take, padding)
            asked = message.read(content[padding:], length)
            manifest = (await pool.built(name)).manifest
            outputs = answer.wanted(asked, manifest)
            for one in outputs:
                if one.place is not None:
                    regions.check(caller, one.place, one.where)
            feeds = tensors.feeds(
                asked.inputs, manifest, lambda place, where: regions.read(caller, place, where)
            )
            ran = await transfer.unless_gone(
                request,
                pool.run(
                    name, feeds, priority=asked.priority, timeout_s=asked.timeout_s,
                    batch=asked.batch, outputs=frozenset(one.name for one in outputs),
                    caller=caller.who,
                ),
            )
            encoded = answer.encode(
                asked, outputs, manifest, ran,
                lambda place, data, where: regions.write(caller, place, data, where),
            )
            share.keep(sum(map(len, encoded.parts)))
            return transfer.Tensors(encoded, stack.pop_all())

    # In the order of how often they are called, as they are looked at one by one.
    found: list[BaseRoute] = [
        Route(f"{path}/infer", infer, methods=["POST"]) for path in (_MODEL, f"{_MODEL}{_VERSION}")
    ]
    found += [
        Route("/v2/health/live", live, methods=["GET"]),
        Route("/v2/health/ready", ready, methods=["GET"]),
        Route("/v2", server, methods=["GET"]),
        Route("/v2/models/stats", stats, methods=["GET"]),
    ]
    for path in (_MODEL, f"{_MODEL}{_VERSION}"):
        found += [
            Route(path, model, methods=["GET"]),
            Route(f"{path}/ready", model_ready, methods=["GET"]),
            Route(f"{path}/stats", stats, methods=["GET"]),
        ]
    return found


def _name(request: Request) -> str:
    """The engine that a path names.

    Raises:
        Problem: 404; the path names a version that there is not.
    """
    if request.path_params.get("version", answer.VERSION) != answer.VERSION:
        raise Problem(
            404, "there is no such version of an engine",
            f"the one that is built is {answer.VERSION}",
        )
    return str(request.path_params["name"])
