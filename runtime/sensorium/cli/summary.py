"""The summary of a look: rates, ages, latencies, and what was not live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from sensorium.cli.sight import quantiles_ms
from sensorium.health import reason_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensorium.cli.sight import Sight


def summary_table(sights: Mapping[str, Sight], channels: Sequence[str]) -> Table:
    """A row a channel: records, rate, and the latencies on its way."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("channel", "valid", "rate", "age", "capture to publish", "publish to seen"):
        table.add_column(title, justify="left" if title == "channel" else "right", no_wrap=True)
    for name in channels:
        sight = sights[name]
        table.add_row(
            name, str(sight.valid), f"{sight.rate_hz:.0f}/s",
            f"{sight.look.age_ns / 1e6:.0f} ms" if sight.look.n else "-",
            _lag(quantiles_ms(sight.publish_lags_ns)), _lag(quantiles_ms(sight.seen_lags_ns)),
        )
    table.caption = "latencies: median and 99th percentile"
    return table


def verdicts(
    sights: Mapping[str, Sight], channels: Sequence[str], parts: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    """The channels that were never live, each with why and what to do.

    Args:
        sights: What was seen.
        channels: Those that were expected.
        parts: What the daemon says of its sensors and senses: state, detail, remedy.
    """
    missing = {}
    for name in channels:
        sight = sights[name]
        if sight.valid:
            continue
        part = next((part for key, part in parts.items() if _same(name, key)), {})
        detail = part.get("detail") or f"{sight.look.status}, {reason_words(sight.look.reason)}"
        missing[name] = {"detail": detail, "remedy": part.get("remedy", "")}
    return missing


def _same(channel: str, part: str) -> bool:
    """Whether a channel is written by the part: `gesture_left` by `gesture`."""
    return channel == part or channel.startswith(f"{part}_")


def _lag(quantiles: dict[str, float] | None) -> str:
    return f"{quantiles['p50']:.2f}  {quantiles['p99']:.2f} ms" if quantiles else "-"
