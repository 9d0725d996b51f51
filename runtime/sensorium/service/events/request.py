"""What both kinds of streams read from a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.service.events.asked import asked

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from sensorium.service.events.asked import Asked


def read(connection: HTTPConnection) -> Asked:
    """The query, and the header that a browser's EventSource sends when it connects again.

    Raises:
        Problem: 400.
    """
    query = connection.query_params
    # The newer one: EventSource keeps the URL with which it was made.
    resume = connection.headers.get("last-event-id") or query.get("resume", "")
    return asked(
        query.getlist("channels"), query.getlist("rate"), resume, query.getlist("fields")
    )
