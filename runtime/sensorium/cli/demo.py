"""`sensorium demo`: a recording played through a daemon of its own, seen as an app sees it."""

from __future__ import annotations

import argparse
import signal
import time
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.text import Text

from sensorium import config as configuration
from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.layout import Kind
from sensorium.cli.eyes import Eyes
from sensorium.cli.isolated import IsolatedDaemon
from sensorium.cli.scene import FRAMES_A_SECOND, Scene, clock_text, sleep_until
from sensorium.cli.summary import summary_table, verdicts
from sensorium.clock import now_ns
from sensorium.control.client import Client
from sensorium.errors import ControlError
from sensorium.process import registry

if TYPE_CHECKING:
    from sensorium.cli.output import Output

APP = "sensorium-demo"
CLASSES = ("motion", "audio")
"""What the demo's own daemon lets it read: what is in the recording."""

_CONFIG = "replay"
_READY_S = 30.0
_PLAIN_EVERY_S = 1.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    parser.add_argument(
        "--seconds", type=_seconds, default=15.0, metavar="N", help="ends after so long (15)"
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Plays the demo; 0 when every expected sense was live."""
    # As Ctrl-C, so that whoever ends the demo leaves nothing behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    channels = expected()
    started_ns = now_ns()
    with IsolatedDaemon(APP, CLASSES, ("--config", _CONFIG)) as daemon:
        _wait(daemon, output)
        with Eyes(APP, daemon.runtime_dir, CLASSES, every_s=None) as eyes:
            _watch(eyes, channels, args.seconds, daemon, output)
            parts = _parts(daemon)
    missing = verdicts(eyes.sights, channels, parts)
    document: dict[str, Any] = {
        "ok": not missing,
        "seconds": args.seconds,
        "missing": missing,
        **eyes.story.document(),
        "start_to_first_result_s": _first_result_s(eyes, started_ns),
        "channels": {name: eyes.sights[name].summary() for name in channels},
    }
    output.document(document)
    output.console.print(summary_table(eyes.sights, channels))
    output.console.print(_told(document))
    for name, why in missing.items():
        output.console.print(f"[bold red]not live:[/] {name}: {why['detail']}")
        if why["remedy"]:
            output.console.print(f"  -> {why['remedy']}", style="cyan", markup=False)
    return 1 if missing else 0


def expected() -> tuple[str, ...]:
    """The channels that must become live: the senses' own and what they are made from."""
    config = configuration.load(configuration.find(_CONFIG))
    wanted = {"head"}
    for part in registry.senses(config):
        wanted.update(part.kind.READS)
        wanted.update(name for name in part.writes if CHANNELS[name].kind == Kind.STATE)
    return tuple(name for name in CHANNELS if name in wanted)


def _wait(daemon: IsolatedDaemon, output: Output) -> None:
    end = time.monotonic() + _READY_S
    with output.console.status("starting a daemon of the demo's own"):
        while not daemon.ready(0.1):
            if time.monotonic() > end:
                raise ControlError(
                    f"the daemon was not ready within {_READY_S:.0f} s:\n{daemon.log()}",
                    "sensorium doctor",
                )


def _watch(
    eyes: Eyes, channels: tuple[str, ...], seconds: float, daemon: IsolatedDaemon, output: Output
) -> None:
    """Shows what is seen for so long; ends early when the daemon does."""
    console = output.console
    scene = Scene(eyes, (*channels, "microphone"))
    started = time.monotonic()
    moves = console.is_terminal
    step = 1 / FRAMES_A_SECOND if moves else _PLAIN_EVERY_S
    with Live(console=console, auto_refresh=False, transient=True, screen=False) as live:
        while (passed := time.monotonic() - started) < seconds and daemon.alive:
            if moves:
                live.update(
                    scene.draw(console, _title(passed, seconds), below=_foot()), refresh=True
                )
            else:
                console.print(_plain(eyes, passed), markup=False)
            sleep_until(min(started + passed + step, started + seconds))


def _title(passed: float, seconds: float) -> Text:
    return Text.assemble(
        ("Sensorium demo ", "bold"),
        f"{clock_text(passed)} of {clock_text(seconds)}",
        ("  a recording is played: no headset, microphone or GPU is used", "dim"),
        no_wrap=True, overflow="ellipsis",
    )


def _foot() -> Text:
    return Text("read from shared memory by the file that an app copies; Ctrl-C ends it", "dim")


def _plain(eyes: Eyes, passed: float) -> str:
    """One line for a log: what hands and voice do."""
    said = []
    for side in ("left", "right"):
        sight = eyes.sights[f"gesture_{side}"]
        name = sight.look.record["name"] if sight.fresh and sight.look.record else ""
        said.append(f"{side} {name or '-'}" if sight.fresh else f"{side} out of view")
    voice = eyes.sights["voice_activity"]
    speaking = bool(voice.fresh and voice.look.record and voice.look.record["speaking"])
    state = ("speaking" if speaking else "silent") if voice.fresh else voice.look.status
    return f"{clock_text(passed)}  {', '.join(said)}, voice {state}"


def _parts(daemon: IsolatedDaemon) -> dict[str, dict[str, str]]:
    """What the daemon says of its parts at the end, for the remedies."""
    try:
        with Client.connect(APP, daemon.runtime_dir) as client:
            parts: dict[str, dict[str, str]] = client.request("status")["parts"]
            return parts
    except ControlError:
        return {}


def _first_result_s(eyes: Eyes, started_ns: int) -> float | None:
    """From the daemon's start to the first result of a sense, in seconds."""
    seen = [
        eyes.sights[name].first_ns
        for name in ("voice_activity", "gesture_left", "gesture_right")
        if eyes.sights[name].first_ns
    ]
    return round((min(seen) - started_ns) / 1e9, 3) if seen else None


def _told(document: dict[str, Any]) -> Text:
    heard = document["utterances"]
    seen = [
        f"{side} {name} x{count}"
        for side, names in document["gestures"].items()
        for name, count in names.items()
    ]
    return Text.assemble(
        ("heard: ", "bold"), f"{heard} utterance{'' if heard == 1 else 's'}\n",
        ("seen:  ", "bold"), ", ".join(seen) or "no gesture",
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= 86400:
        raise argparse.ArgumentTypeError("1 to 86400")
    return seconds
