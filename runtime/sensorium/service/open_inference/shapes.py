"""The OpenAPI paths of the protocol and its extensions."""

from __future__ import annotations

from typing import Any

from sensorium.service.operations import (
    ANY_OBJECT,
    TEXT,
    TRUTH,
    WHOLE,
    Schema,
    answer,
    members,
    operation,
    parameter,
    several,
)

_NAME = parameter("path", "name", TEXT, "Of the engine, as in its card")
_VERSION = parameter("path", "version", {"type": "string", "enum": ["1"]})
_REGION = parameter("path", "name", TEXT, "Of the region, as the app calls it")
_KEY = parameter("path", "key", TEXT)
_SIZE: Schema = {"type": "integer", "minimum": 0}
_BINARY = "application/octet-stream"
_TENSOR = {
    "type": "object",
    "properties": {"name": TEXT, "datatype": TEXT, "shape": several(WHOLE)},
    "required": ["name", "datatype", "shape"],
}
_INPUT = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "shape": several(_SIZE),
        "datatype": TEXT,
        "data": several({}),
        "parameters": {
            "type": "object",
            "properties": {
                "binary_data_size": _SIZE,
                "shared_memory_region": TEXT,
                "shared_memory_offset": _SIZE,
                "shared_memory_byte_size": _SIZE,
            },
        },
    },
    "required": ["name", "shape", "datatype"],
}
_OUTPUT = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "parameters": {
            "type": "object",
            "properties": {
                "binary_data": TRUTH,
                "classification": _SIZE,
                "shared_memory_region": TEXT,
                "shared_memory_offset": _SIZE,
                "shared_memory_byte_size": _SIZE,
            },
        },
    },
    "required": ["name"],
}
_REQUEST = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "inputs": several(_INPUT),
        "outputs": several(_OUTPUT),
        "parameters": {
            "type": "object",
            "properties": {
                "binary_data_output": TRUTH,
                "priority": {"type": "integer", "minimum": 0, "maximum": 9},
                "timeout": {**_SIZE, "description": "To wait for its turn, in microseconds"},
                "batch": {**TRUTH, "description": "Whether others may share the run"},
            },
        },
    },
    "required": ["inputs"],
}
_LENGTH = {
    "in": "header", "name": "Inference-Header-Content-Length", "required": False,
    "schema": {"type": "string", "pattern": "^[0-9]{1,19}$"},
    "description": "Bytes of the JSON, where binary data follows it",
}
_MODEL = {
    "type": "object",
    "properties": {
        "name": TEXT, "versions": several(TEXT), "platform": TEXT, "inputs": several(_TENSOR),
        "outputs": several(_TENSOR), "labels": several(TEXT), "axes": ANY_OBJECT,
    },
    "required": ["name", "versions", "platform", "inputs", "outputs"],
}
_REGIONS = several(
    members({"name": TEXT, "key": TEXT, "offset": _SIZE, "byte_size": _SIZE})
)


def _of_model(path: str, version: tuple[Schema, ...]) -> dict[str, Any]:
    place = (_NAME, *version)
    return {
        path: {
            "get": operation(
                "An engine's inputs, outputs, labels and axes", {"200": answer("Of it", _MODEL)},
                400, 404, parameters=place,
            )
        },
        f"{path}/ready": {
            "get": operation(
                "Whether a run would begin", {"200": answer("It would")}, 400, 404,
                parameters=place,
            )
        },
        f"{path}/stats": {
            "get": operation(
                "What its runs took", {"200": answer("Counts and ns")}, 400, 404, parameters=place
            )
        },
        f"{path}/infer": {
            "post": operation(
                "Run an engine",
                {
                    "200": {
                        "description": "Its outputs",
                        "content": {
                            "application/json": {"schema": ANY_OBJECT}, _BINARY: {"schema": TEXT}
                        },
                    }
                },
                400, 404, 408, 409, 413, 415, 504, 507,
                body={"application/json": _REQUEST, _BINARY: TEXT},
                parameters=(*place, _LENGTH),
            )
        },
    }


INFERENCE: dict[str, Any] = {
    "/v2/health/live": {"get": operation("Whether it lives", {"200": answer("It does")})},
    "/v2/health/ready": {"get": operation("Whether it is ready", {"200": answer("It is")})},
    "/v2": {"get": operation("Name, version and extensions", {"200": answer("Of the server")})},
    "/v2/models/stats": {
        "get": operation("What runs took", {"200": answer("Of every engine that was used")})
    },
    **_of_model("/v2/models/{name}", ()),
    **_of_model("/v2/models/{name}/versions/{version}", (_VERSION,)),
}

REPOSITORY: dict[str, Any] = {
    "/v2/repository/index": {
        "post": operation(
            "Every engine, its state and figures",
            {"200": answer("By name", several(ANY_OBJECT))},
            400, 413,
            body={"application/json": {"type": "object", "properties": {"ready": TRUTH}}},
        )
    },
    "/v2/repository/models/{name}/load": {
        "post": operation(
            "Load an engine now", {"200": answer("It is loaded")}, 400, 404, 413, 504,
            parameters=(
                _NAME,
                parameter("query", "keep_warm", TRUTH, "Whether it stays loaded without use"),
            ),
        )
    },
    "/v2/repository/models/{name}/unload": {
        "post": operation(
            "Close an engine once its runs have ended; who uses it next loads it again",
            {"200": answer("It is closed")}, 400, 404, 413, 504, parameters=(_NAME,),
        )
    },
}

MEMORY: dict[str, Any] = {
    "/v1/shared-memory": {
        "post": operation(
            "Make memory for tensors, to be opened by shm_open",
            {"201": answer("Its key", members({"key": TEXT, "byte_size": _SIZE}))},
            400, 413, 501, 507,
            body={"application/json": members({"byte_size": {"type": "integer", "minimum": 1}})},
        )
    },
    "/v1/shared-memory/{key}": {
        "delete": operation(
            "Remove it", {"204": {"description": "It is gone"}}, 404, parameters=(_KEY,)
        )
    },
    "/v2/systemsharedmemory/status": {
        "get": operation("The app's regions", {"200": answer("All", _REGIONS)}, 400)
    },
    "/v2/systemsharedmemory/unregister": {
        "post": operation("Forget all of the app's regions", {"200": answer("Done")}, 400, 413)
    },
    "/v2/systemsharedmemory/region/{name}/status": {
        "get": operation(
            "One of the app's regions", {"200": answer("It", _REGIONS)}, 400, 404,
            parameters=(_REGION,),
        )
    },
    "/v2/systemsharedmemory/region/{name}/register": {
        "post": operation(
            "Name a part of memory that the daemon made", {"200": answer("Done")},
            400, 404, 409, 413,
            body={
                "application/json": members({"key": TEXT, "byte_size": _SIZE}, offset=_SIZE)
            },
            parameters=(_REGION,),
        )
    },
    "/v2/systemsharedmemory/region/{name}/unregister": {
        "post": operation(
            "Forget a region", {"200": answer("Done")}, 400, 413, parameters=(_REGION,)
        )
    },
}
