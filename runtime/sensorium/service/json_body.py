"""Takes a JSON object from a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sensorium.service import body
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request


async def read(
    request: Request, max_bytes: int, needed: Collection[str] = (), allowed: Collection[str] = ()
) -> dict[str, Any]:
    """The members of the object that a request's body is.

    Args:
        request: Whose body.
        max_bytes: The largest that is taken.
        needed: Members that it must have.
        allowed: Members that it may have; with neither given, any.

    Raises:
        Problem: It is no JSON object (NaN and infinity are none of JSON's numbers), too large, or
            lacks a member or has an unknown one.
        ClientDisconnect: The caller is gone.
    """
    data = await body.read(request, max_bytes)
    try:
        content = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "the body is not JSON", "send an object") from error
    if not isinstance(content, dict):
        raise Problem(400, "the body is no JSON object", "send one")
    missing = [name for name in needed if name not in content]
    if missing:
        raise Problem(400, f"the body lacks {', '.join(missing)}", f"it needs {', '.join(needed)}")
    if needed or allowed:
        known = {*needed, *allowed}
        unknown = [name for name in content if name not in known]
        if unknown:
            raise Problem(
                400, f"the body has {len(unknown)} unknown members", f"known: {', '.join(known)}"
            )
    return content


def _no_number(name: str) -> float:
    raise ValueError(name)
