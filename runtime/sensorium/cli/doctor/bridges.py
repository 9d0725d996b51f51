"""The bridges of a running daemon: whether what they tell arrives at the other side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.bridges.bridge import BRIDGES
from sensorium.cli.doctor.finding import Finding, Verdict
from sensorium.process.registry import load

if TYPE_CHECKING:
    from collections.abc import Iterator


def look(status: dict[str, Any] | None) -> Iterator[Finding]:
    """Asks each bridge as those at its other side would, and waits for what comes."""
    for name, part in (status or {}).get("parts", {}).items():
        if name not in BRIDGES or part["state"] != "live":
            continue
        try:
            proved = load(BRIDGES[name]).prove(part["detail"])
        except LookupError as error:
            yield Finding(f"bridge {name}", Verdict.NOTE, f"not looked at: {error}")
        except (OSError, ValueError) as error:
            yield Finding(
                f"bridge {name}", Verdict.MISSING, f"nothing arrives: {error}",
                "the daemon's log says why",
            )
        else:
            yield Finding(f"bridge {name}", Verdict.OK, proved)
