"""The running daemon: whether data arrives, not only whether processes run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sensorium.cli.daemon import APP, connect
from sensorium.cli.doctor import processor_group
from sensorium.cli.doctor.finding import Finding, Verdict
from sensorium.cli.doctor.governor import governing
from sensorium.cli.eyes import Eyes
from sensorium.cli.sight import OPENING
from sensorium.cli.words import words
from sensorium.errors import ControlError
from sensorium.health import Reason, reason_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.cli.sight import Sight

_LOOK_S = 1.2

_AT_REST = {
    Reason.INACTIVE, Reason.NOT_CONFIGURED, Reason.MUTED, Reason.CLOSED, Reason.CLOSING,
    Reason.NOT_IMPLEMENTED,
}
"""Reasons that are the owner's will or the way things are, not a fault."""


def status() -> dict[str, Any] | None:
    """The running daemon's status; None when none runs."""
    try:
        with connect() as client:
            return client.request("status")
    except ControlError:
        return None


def look(status: dict[str, Any] | None) -> Iterator[Finding]:
    """Looks at the daemon's processes, parts and, for a second, at its channels."""
    if status is None:
        yield Finding("daemon", Verdict.NOTE, "not running: no channel was looked at",
                      "sensorium run, then sensorium doctor again")
        return
    yield Finding("daemon", Verdict.OK, f"process {status['pid']}, up {status['uptime_s']:.0f} s")
    for process in status["processes"]:
        live = process["state"] == "live"
        detail = f"{process['state']}, {process['restarts']} restarts"
        yield Finding(
            f"process {process['name']}", Verdict.OK if live else Verdict.MISSING, detail,
            "" if live else "its log says why",
        )
    for name, part in status["parts"].items():
        yield _part(name, part)
    if status["governor"]["enabled"]:
        yield governing(status)
    yield from processor_group.look(status["pid"])
    yield from _channels()


def _part(name: str, part: dict[str, str]) -> Finding:
    detail = " ".join(word for word in (part["state"], part["detail"]) if word)
    well = part["state"] in ("live", "closed", "muted", "starting", "opening", "ended")
    return Finding(
        f"part {name}", Verdict.OK if well else Verdict.MISSING, detail,
        "" if well else part["remedy"],
    )


def _channels() -> Iterator[Finding]:
    with connect() as client:
        granted = granted_classes(client.grants())
    try:
        with Eyes(APP, classes=granted) as eyes:
            time.sleep(_LOOK_S)
    except ControlError as error:
        yield Finding("channels", Verdict.MISSING, error.message, error.remedy)
        return
    private = {sight.region for sight in eyes.sights.values() if sight.look.status == "denied"}
    for sight in eyes.sights.values():
        if sight.look.status != "denied":
            yield _channel(sight)
    if private:
        yield Finding(
            "private channels", Verdict.NOTE, f"not looked at: {', '.join(sorted(private))}",
            f"for example: sensorium grants allow {APP} motion",
        )


def granted_classes(grants: dict[str, Any]) -> tuple[str, ...]:
    """The classes that the command line may read now, without those that open a device.

    A reader of them keeps microphone or camera open, so they are read only where asked for.
    """
    allowed: set[str] = set()
    denied: set[str] = set()
    for grant in grants["grants"]:
        if grant["app"] == APP and not grant["until"]:
            (allowed if grant["allowed"] else denied).update(grant["classes"])
    return tuple(sorted(allowed - denied - set(OPENING)))


def _channel(sight: Sight) -> Finding:
    topic, look = f"channel {sight.channel}", sight.look
    if sight.fresh and look.record:
        said = words(sight.record_name, look.record).plain
        return Finding(topic, Verdict.OK, f"live, {sight.rate_hz:.0f}/s: {said}")
    if sight.fresh:
        return Finding(topic, Verdict.OK, "live, no event yet")
    reason = reason_words(look.reason)
    if look.status == "invalid" and look.reason in _AT_REST:
        return Finding(topic, Verdict.NOTE, f"nothing to give: {reason}")
    if look.status == "stale":
        return Finding(
            topic, Verdict.MISSING, f"stale: last record {look.age_ns / 1e9:.1f} s ago ({reason})",
            "the log of the daemon says why",
        )
    return Finding(
        topic, Verdict.MISSING, f"{look.status}: {reason}", "see the part that writes it, above"
    )
