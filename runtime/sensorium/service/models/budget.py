"""A bound on the bytes that requests on their way hold, all together."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator


class Budget:
    """Bytes that may be held at a time.

    Args:
        limit: How many.

    Attributes:
        held: How many are.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """What one request holds; given back at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.held -= share.held


class Share:
    """One request's part of a budget.

    Args:
        budget: The whole.

    Attributes:
        held: Its bytes.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.held = 0

    def take(self, count: int) -> None:
        """Takes more bytes.

        Raises:
            Problem: 429; other requests hold them.
        """
        budget = self._budget
        if budget.held + count > budget.limit:
            raise Problem(
                429, f"requests on their way hold {budget.held} of {budget.limit} bytes",
                "wait for the answers to earlier ones, or use shared memory",
                {"Retry-After": "1"},
            )
        budget.held += count
        self.held += count

    def keep(self, count: int) -> None:
        """Counts bytes that are there already; never refused."""
        self._budget.held += count
        self.held += count
