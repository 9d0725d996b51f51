"""The frames of apps, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from sensorium.cli.drawing import strip

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOLD_BY = {"app": "itself", "layer": "the OpenXR layer"}


def lines(apps: Iterable[dict[str, Any]], *, history: bool = False) -> list[Text]:
    """What the frames of each app are like.

    Args:
        apps: As `status` gives them.
        history: Whether to add a picture of the last minute: the share of frames that was missed
            in each second.
    """
    return [_line(app, history=history) for app in apps]


def _line(app: dict[str, Any], *, history: bool) -> Text:
    minute = app["minute"]
    said = Text.assemble(
        (f"frames of {app['app'] or 'an app without a name'} ", "bold"),
        f"(process {app['pid']}, told by {_TOLD_BY.get(app['source'], app['source'])}): "
        f"{app['rate_hz']}/s, ",
        no_wrap=True,
    )  # fmt: skip
    missed, late = sum(minute["missed"]), sum(minute["late"])
    said.append(f"{missed} missed", "yellow" if missed else "")
    if app["late"] is not None:
        said.append(f" and {late} late", "yellow" if late else "")
    said.append(" in a minute")
    for title, name in (("frame", "frame_ms"), ("CPU", "cpu_ms"), ("GPU", "gpu_ms")):
        said.append(f"; {title} {_span(app[name])}")
    if history:
        said.append("  ")
        pairs = zip(minute["frames"], minute["missed"], strict=True)
        said.append(strip(lost / max(shown + lost, 1) for shown, lost in pairs), "yellow")
    return said


def _span(quantiles: dict[str, float] | None) -> str:
    if quantiles is None:
        return "not known"
    return f"{quantiles['p50']:.1f} ms, p99 {quantiles['p99']:.1f}"
