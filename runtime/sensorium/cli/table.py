"""The table of channels that `demo`, `top` and `channels list` show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from sensorium.cli.sight import OPENING
from sensorium.cli.words import words
from sensorium.health import reason_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensorium.cli.sight import Look, Sight

_STYLES = {
    "new": "green",
    "same": "green",
    "stale": "yellow",
    "invalid": "bright_black",
    "denied": "red",
    "closed": "red",
    "version": "red",
}


def channel_table(sights: Iterable[Sight], *, regions: bool = False) -> Table:
    """A row a channel: status, age, rate, and the newest value in words.

    Args:
        sights: The channels, in order.
        regions: Whether a column says which grant class each lies in.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black", expand=True)
    table.add_column("channel", no_wrap=True)
    if regions:
        table.add_column("class", no_wrap=True, style="bright_black")
    table.add_column("status", no_wrap=True)
    table.add_column("age", justify="right", no_wrap=True)
    table.add_column("rate", justify="right", no_wrap=True)
    table.add_column("what an app sees", ratio=1, no_wrap=True, overflow="ellipsis")
    for sight in sights:
        cells = [Text(sight.channel, "bold" if sight.fresh else "")]
        if regions:
            cells.append(Text(sight.region))
        table.add_row(
            *cells, status_text(sight.look), age_text(sight.look), rate_text(sight.rate_hz),
            value_text(sight),
        )
    return table


def status_text(look: Look) -> Text:
    """The status in one word: a fresh record is `live`."""
    return Text("live" if look.status in ("new", "same") else look.status, _STYLES[look.status])


def age_text(look: Look) -> Text:
    """How old the newest record is."""
    if look.n == 0 or look.status in ("denied", "version"):
        return Text("-", "bright_black")
    age_ms = look.age_ns / 1e6
    return Text(f"{age_ms:.0f} ms" if age_ms < 10_000 else f"{age_ms / 1000:.0f} s")


def rate_text(rate_hz: float) -> Text:
    """Records a second."""
    return Text(f"{rate_hz:.0f}/s" if rate_hz >= 0.5 else "-", "" if rate_hz else "bright_black")


def value_text(sight: Sight) -> Text:
    """The newest value in words, or why there is none."""
    look = sight.look
    if sight.fresh and look.record:
        return words(sight.record_name, look.record)
    if look.status == "stale" and look.record:
        return Text.assemble(("last: ", "yellow"), words(sight.record_name, look.record))
    if sight.fresh:
        return Text("nothing yet", "bright_black")
    device = OPENING.get(sight.region)
    if look.status == "denied" and device:
        return Text(f"not opened here: a reader keeps the {device} open", "bright_black")
    if look.status == "denied":
        return Text("no grant: see `sensorium grants`", "red")
    return Text(reason_words(look.reason), "bright_black")
