"""One thing that doctor found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a finding means."""

    OK = "ok"
    NOTE = "note"
    """Not there, and nothing that is configured needs it."""
    MISSING = "missing"
    """Something that is configured cannot work so."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: What it is about: python, openxr, microphone, head ...
        verdict: Whether it is well.
        detail: What is there, or what is not.
        remedy: What the user can do; empty when all is well.
    """

    topic: str
    verdict: Verdict
    detail: str
    remedy: str = ""

    def document(self) -> dict[str, Any]:
        """For a JSON document."""
        return asdict(self)


def needed(topic: str, detail: str, remedy: str, *, by: bool) -> Finding:
    """Something is not there: MISSING when what is configured needs it, else a NOTE."""
    return Finding(topic, Verdict.MISSING if by else Verdict.NOTE, detail, remedy)
