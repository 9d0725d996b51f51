"""Whether senses can give way to an app's frames, and whose frames are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.cli.doctor.child import ask
from sensorium.cli.doctor.finding import Finding, Verdict
from sensorium.cli.governor import line
from sensorium.process.orders import NICEST, SLOW_NICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.config import Config


def look(config: Config) -> Iterator[Finding]:
    """Looks at what the system permits, where the governor is on."""
    if not config.governor.enabled:
        yield Finding("governor", Verdict.NOTE, "is off: senses take what they need",
                      "enabled = true in [governor]")
        return
    nice = min(config.inference.nice + SLOW_NICE, NICEST)
    found = ask("idle_class", str(nice))
    if "error" in found:
        yield Finding("idle class", Verdict.NOTE, f"it cannot be tried: {found['error']}")
    elif found["left"]:
        yield Finding("idle class", Verdict.OK, "threads of engines may go to it and leave it")
    else:
        yield Finding(
            "idle class", Verdict.NOTE,
            "threads of engines that went to it may not leave it: others take their place",
            f"allow it: `@audio - nice {nice}` in /etc/security/limits.conf",
        )


def governing(status: dict[str, Any]) -> Finding:
    """What the governor of the running daemon does."""
    governor = status["governor"]
    said = line(governor).plain.removeprefix("governor ")
    if governor["problem"]:
        return Finding("governor", Verdict.MISSING, said, "the log of the daemon says why")
    return Finding("governor", Verdict.OK, said)
