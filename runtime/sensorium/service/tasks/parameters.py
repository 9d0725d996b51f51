"""A task's parameters: of JSON or a query, checked by the fields of a dataclass; as a schema."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from sensorium.config import Source, decode
from sensorium.errors import ConfigError
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import QueryParams

    from sensorium.config.source import Place

Parameters = TypeVar("Parameters")

_JSON = {bool: "boolean", int: "integer", float: "number", str: "string"}
_TRUE, _FALSE = ("true", "1", "yes", "on", ""), ("false", "0", "no", "off")


class _Request(Source):
    """What stands in the place of a file, for messages."""

    def error(self, place: Place, problem: str, allowed: str = "") -> ConfigError:
        """See `Source.error`."""
        where = ".".join(("parameters", *map(str, place)))
        return ConfigError(f"{where}: {problem}", allowed)


def decoded(kind: type[Parameters], given: Mapping[str, Any]) -> Parameters:
    """The parameters as an instance of `kind`; see `config.options.decode`.

    Raises:
        Problem: 422; names the parameter, and says what is allowed.
    """
    try:
        return decode(kind, given, _Request(Path(), ""), ())
    except ConfigError as error:
        remedy = error.remedy or "GET /v1/tasks says what each parameter may be"
        raise Problem(422, _printable(error.message), _printable(remedy)) from error


def of_query(kind: type[Any], query: QueryParams) -> dict[str, Any]:
    """A query's parameters as JSON would have them, by the types of `kind`.

    A list is given by repeating its name. What is of no type is left for `decoded` to refuse.
    """
    hints = get_type_hints(kind)
    found: dict[str, Any] = {}
    for name in query:
        hint = hints.get(name, str)
        values = [_of_text(hint_of(hint), text) for text in query.getlist(name)]
        found[name] = values if get_origin(hint) is tuple else values[-1]
    return found


def hint_of(hint: Any) -> Any:
    """The type of a field, or of the elements of a list."""
    return get_args(hint)[0] if get_origin(hint) is tuple else hint


def schema(kind: type[Any]) -> dict[str, Any]:
    """The parameters as a JSON schema."""
    hints = get_type_hints(kind)
    properties: dict[str, Any] = {}
    required = []
    for field in dataclasses.fields(kind):
        hint, limits = hints[field.name], field.metadata
        one: dict[str, Any] = {"type": _JSON[hint_of(hint)]}
        for key, said in (("min", "minimum"), ("max", "maximum"), ("choices", "enum")):
            if key in limits:
                one[said] = list(limits[key]) if key == "choices" else limits[key]
        if get_origin(hint) is tuple:
            one = {"type": "array", "items": one}
        one["description"] = limits["doc"]
        if field.default is dataclasses.MISSING:
            required.append(field.name)
        else:
            one["default"] = list(field.default) if field.default == () else field.default
        properties[field.name] = one
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": required} if required else found


def _of_text(kind: type[Any], text: str) -> Any:
    if kind is bool:
        low = text.lower()
        return True if low in _TRUE else False if low in _FALSE else text
    if kind in (int, float):
        try:
            return kind(text[:64])
        except ValueError:
            return text
    return text


def _printable(text: str) -> str:
    """Text that UTF-8 can hold: a lone surrogate as its number."""
    return text.encode("utf-8", "backslashreplace").decode()
