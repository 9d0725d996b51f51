"""`sensorium why`: why an intent was read as it was, and why senses gave way to an app's frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from sensorium.cli import governor
from sensorium.cli.daemon import connect
from sensorium.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from sensorium.cli.output import Output

_STEPS, _MOST_STEPS = 20, 128
_SAYS = {
    "word": "was said", "fixation": "was looked at", "pointing": "was pointed at",
    "grab": "was held", "wearer": "is where the wearer was", "before": "was meant before",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    parser.add_argument(
        "intent", nargs="?", type=int, default=0, metavar="ID",
        help="as in the intent's record; without: the newest",
    )
    parser.add_argument(
        "--frames", nargs="?", type=int, const=_STEPS, metavar="N",
        help=f"instead: the governor's newest N steps and what they were taken for; {_STEPS}",
    )


def run(args: argparse.Namespace, output: Output) -> int:
    """Explains one intent, or the governor's newest steps."""
    if args.frames is not None:
        return _frames(args.frames, output)
    with connect() as client:
        found = client.request("why", intent=args.intent)["why"]
    output.document(found)
    console = output.console
    console.print(headline(found), markup=False)
    console.print(evidence_table(found["evidence"]))
    for other in found["alternatives"]:
        console.print(f"or, with {other['score']}: {_meant(other)}", markup=False)
    return 0


def _frames(most: int, output: Output) -> int:
    if not 0 < most <= _MOST_STEPS:
        raise ConfigError(f"--frames {most}: 1 to {_MOST_STEPS} steps are told")
    with connect() as client:
        found = client.request("governor", most=most)
    output.document(found)
    output.console.print(governor.line(found["governor"]), soft_wrap=True)
    if found["steps"]:
        output.console.print(governor.steps_table(found["steps"]))
    else:
        output.console.print("no sense gave way since the daemon's start")
    return 0


def headline(found: dict[str, Any]) -> str:
    """What was understood, in a line."""
    line = f"intent {found['intent']} for {found['app']}: {found['verb']}"
    line += "".join(f" {_thing(one)}" for one in found["objects"])
    if found["place"] is not None:
        line += f" at {_point(found['place'])}"
        line += f" on {_thing(found['place_on'])}" if found["place_on"] else ""
    if found["quantity"] is not None:
        line += f", quantity {found['quantity']:g}"
    if found["unresolved"]:
        line += f"; {found['unresolved']} of its words were not resolved"
    return f"{line} (score {found['score']})"


def evidence_table(evidence: list[dict[str, Any]]) -> Table:
    """A row a piece of evidence; times from the utterance's begin."""
    table = Table("evidence", "target", "from", "to", "weight", box=box.SIMPLE_HEAD, pad_edge=False)
    for one in evidence:
        what = f"“{one['text']}”" if one["text"] else "  it"
        # What was said, and what an app calls its things, is no markup.
        table.add_row(*map(Text, (
            f"{what} {_SAYS.get(one['kind'], one['kind'])}",
            _thing(one["target"]) if one["target"] else "-",
            f"{one['from_s']:+.2f} s", f"{one['to_s']:+.2f} s",
            "-" if one["weight"] is None else f"{one['weight']:.2f}",
        )))
    return table


def _meant(other: dict[str, Any]) -> str:
    parts = [_thing(other["object"])] if other["object"] else []
    parts += [f"at {_point(other['place'])}"] if other["place"] is not None else []
    return " ".join(parts) or "none of the targets"


def _thing(target: dict[str, Any]) -> str:
    return f"{target['name']} ({target['id']})" if target["name"] else str(target["id"])


def _point(place: list[float]) -> str:
    return "(" + ", ".join(f"{value:.2f}" for value in place) + ") m"
