"""`sensorium channels`: list, watch or dump them."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from sensorium.channels.catalogue import CHANNELS
from sensorium.cli import json_option
from sensorium.cli.daemon import APP, connect
from sensorium.cli.doctor.live import granted_classes
from sensorium.cli.eyes import Eyes, client
from sensorium.cli.table import channel_table
from sensorium.cli.words import words
from sensorium.errors import ConfigError, ControlError, DeniedError
from sensorium.health import reason_words
from sensorium.records.plain import finite

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sensorium.cli.output import Output

_LIST_S = 1.0
_WATCH_WAIT_S = 0.25
_DUMP_S = 1.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser("list", help="every channel: status, age, rate (default)")
    watch = actions.add_parser("watch", help="each record of a channel as it comes")
    watch.add_argument("name", metavar="NAME")
    watch.add_argument("--count", type=int, default=0, metavar="N", help="ends after N records")
    dump = actions.add_parser("dump", help="the newest record of channels, as JSON")
    dump.add_argument("names", nargs="*", metavar="NAME", help="default: all that may be read")
    for action in (listing, watch, dump):
        json_option.add(action, nested=True)


def run(args: argparse.Namespace, output: Output) -> int:
    """Lists, watches or dumps."""
    if args.action == "watch":
        return _watch(args.name, args.count, output)
    if args.action == "dump":
        return _dump(args.names, output)
    return _list(output)


def _list(output: Output) -> int:
    with Eyes(APP, classes=_granted()) as eyes:
        time.sleep(_LIST_S)
    output.document({name: _described(eyes, name) for name in eyes.sights})
    output.console.print(channel_table(eyes.sights.values(), regions=True))
    closed = {sight.region for sight in eyes.sights.values() if sight.look.status == "denied"}
    if closed:
        output.console.print(
            f"to read them here too: sensorium grants allow {APP} {' '.join(sorted(closed))}",
            style="dim",
        )
    return 0


def _described(eyes: Eyes, name: str) -> dict[str, Any]:
    channel, sight = CHANNELS[name], eyes.sights[name]
    return {
        "class": channel.region,
        "record": channel.record.name,
        "kind": channel.kind.name.lower(),
        "slots": channel.slots,
        "max_age_ms": channel.max_age_ns / 1e6,
        "writer": channel.writer,
        **sight.summary(),
    }


def _watch(name: str, count: int, output: Output) -> int:
    """Prints each record; with --json as one array that grows until Ctrl-C."""
    session, (channel,) = _open([name])
    module = client()
    printed = 0
    try:
        if output.as_json:
            sys.stdout.write("[")
        while not count or printed < count:
            reading = channel.next(module.now_ns())
            if reading.status.name in ("NEW", "INVALID") and reading.sample is not None:
                _print_record(name, reading, output, first=printed == 0)
                printed += 1
            elif session.ended(module.now_ns()):
                raise ControlError("the daemon is gone", "sensorium run")
            else:
                module.wait([channel], _WATCH_WAIT_S)
    finally:
        if output.as_json:
            sys.stdout.write("\n]\n")
            sys.stdout.flush()
        session.close()
    return 0


def _print_record(name: str, reading: Any, output: Output, *, first: bool) -> None:
    sample = reading.sample
    if output.as_json:
        sys.stdout.write(("\n" if first else ",\n") + json.dumps(finite(_content(reading))))
        sys.stdout.flush()
        return
    record_name = CHANNELS[name].record.name
    if sample.valid:
        said = words(record_name, sample.record.to_dict())
        output.console.print(f"{sample.n:>8}  ", said, sep="")
    else:
        output.console.print(f"{sample.n:>8}  invalid: {reason_words(sample.reason)}", style="dim")


def _dump(names: Sequence[str], output: Output) -> int:
    """Prints one JSON document, with or without --json; 1 when something could not be read."""
    wanted = list(names) or [
        name
        for name, channel in CHANNELS.items()
        if channel.region == "public" or channel.region in _granted()
    ]
    session, channels = _open(wanted)
    try:
        module = client()
        end = time.monotonic() + (_DUMP_S if names else 0.0)
        while True:
            readings = [channel.read(module.now_ns()) for channel in channels]
            if all(reading.sample for reading in readings) or time.monotonic() >= end:
                break
            time.sleep(0.02)
        document = {
            name: _content(reading) for name, reading in zip(wanted, readings, strict=True)
        }
    finally:
        session.close()
    output.as_json = True
    output.document(document)
    fresh = [reading.status.name in ("NEW", "SAME") for reading in readings]
    if names and not all(fresh):
        for name, reading in zip(wanted, readings, strict=True):
            if reading.status.name not in ("NEW", "SAME"):
                output.errors.print(f"{name}: {reading.status.name.lower()}, "
                                    f"{reason_words(reading.reason)}")
        return 1
    return 0


def _content(reading: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "status": reading.status.name,
        "reason": reason_words(reading.reason),
        "age_ms": reading.age_ns / 1e6,
    }
    sample = reading.sample
    if sample is not None:
        content |= {
            "n": sample.n,
            "capture_ns": sample.capture_ns,
            "publish_ns": sample.publish_ns,
            "valid": sample.valid,
            "confidence": sample.confidence,
            "engine": sample.engine,
            "engine_hash": f"{sample.engine_hash:08x}",
            "flags": sample.flags,
            "record": sample.record.to_dict(),
        }
    return content


def _open(names: Sequence[str]) -> tuple[Any, list[Any]]:
    """A session and its channels.

    Raises:
        ConfigError: A channel does not exist.
        DeniedError: There is no grant for one; the remedy is a command.
        ControlError: No daemon is running.
    """
    for name in names:
        if name not in CHANNELS or CHANNELS[name].region == "app":
            known = [name for name, channel in CHANNELS.items() if channel.region != "app"]
            raise ConfigError(f"there is no channel {name} to read", f"known: {', '.join(known)}")
    module = client()
    session = module.connect(APP)
    if session.status is not module.Status.OK:
        raise ControlError(session.message, session.remedy)
    channels = []
    for name in names:
        channel = session.channel(name)
        if channel.status is not module.Status.OK:
            refusal = DeniedError if channel.status is module.Status.DENIED else ControlError
            raise refusal(channel.explain(), session.remedy)
        channels.append(channel)
    return session, channels


def _granted() -> tuple[str, ...]:
    with connect() as control:
        return granted_classes(control.grants())
