"""The words of an OpenAPI 3.1 document that parts describe their routes with."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}
ANY_OBJECT: Schema = {"type": "object"}


def members(needed: dict[str, Schema], **optional: Schema) -> Schema:
    """An object with members that it must have and others that it may have, and no more."""
    return {
        "type": "object", "properties": {**needed, **optional}, "required": list(needed),
        "additionalProperties": False,
    }


def several(items: Schema, **bounds: int) -> Schema:
    """A list; bounds as `maxItems`."""
    return {"type": "array", "items": items, **bounds}


def answer(
    description: str, schema: Schema | None = None, kind: str = "application/json"
) -> Schema:
    """One of an operation's answers."""
    return {"description": description, "content": {kind: {"schema": schema or ANY_OBJECT}}}


def operation(
    summary: str,
    answers: dict[str, Schema],
    *problems: int,
    body: dict[str, Schema] | None = None,
    parameters: tuple[Schema, ...] = (),
) -> Schema:
    """One operation of a path.

    Args:
        summary: What it does.
        answers: Status to answer, of those that are no problem.
        problems: Statuses of `application/problem+json` beside 401, 403, 429 and 503.
        body: Media type to schema.
        parameters: Of the path and the query.
    """
    described: Schema = {
        "summary": summary,
        "parameters": [{"$ref": "#/components/parameters/App"}, *parameters],
        "responses": {
            **answers,
            **{
                str(status): {"$ref": "#/components/responses/Problem"}
                for status in sorted({401, 403, 429, 503, *problems})
            },
        },
    }
    if body is not None:
        described["requestBody"] = {
            "required": True, "content": {kind: {"schema": schema} for kind, schema in body.items()}
        }
    return described


def parameter(place: str, name: str, schema: Schema, description: str = "") -> Schema:
    """A parameter; `place` is path or query."""
    return {
        "in": place, "name": name, "required": place == "path", "schema": schema,
        "description": description,
    }
