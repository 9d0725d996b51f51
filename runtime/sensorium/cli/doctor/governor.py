"""Whether senses can give way to an app's frames, and whose frames are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.cli.doctor.child import ask
from sensorium.cli.doctor.finding import Finding, Verdict
from sensorium.cli.governor import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.config import Config


def look(config: Config) -> Iterator[Finding]:
    """Looks at what the system permits, where the governor is on."""
    if not config.governor.enabled:
        yield Finding("governor", Verdict.NOTE, "is off: senses take what they need",
                      "enabled = true in [governor]")
        return
    # That of the local API; the slow senses' process is nicer, and may if it may.
    nice = config.inference.nice
    found = ask("idle_class", str(nice))
    if "error" in found:
        yield Finding("idle class", Verdict.NOTE, f"it cannot be tried: {found['error']}")
    elif found["left"]:
        yield Finding("idle class", Verdict.OK, "slow senses may go to it and leave it")
    else:
        yield Finding(
            "idle class", Verdict.NOTE,
            "what went to it could not leave it: beside an app that uses all cores processes keep "
            "their niceness",
            f"allow it: `@users - nice {nice}` (a group of yours) in a file in "
            "/etc/security/limits.d, then log in anew; for the user's service also "
            f"LimitNICE=+{nice} in [Service] of user@.service",
        )


def governing(status: dict[str, Any]) -> Finding:
    """What the governor of the running daemon does."""
    governor = status["governor"]
    said = line(governor).plain.removeprefix("governor ")
    if governor["problem"]:
        return Finding("governor", Verdict.MISSING, said, "the log of the daemon says why")
    return Finding("governor", Verdict.OK, said)
