"""The picture of a run, as SVG: frame times, freshness, and the governor's level over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WIDTH, ROW = 1200, 350
_TOP, _HIGH = 92, 220
_LEFTS, _WIDE = (64, 450, 870), (330, 360, 290)
COLOURS = {"off": "#6b7280", "on": "#dc2626", "governed": "#2563eb"}
NAMES = {"off": "AI off", "on": "AI on", "governed": "AI on, governed"}
_GRID, _INK = "#e5e7eb", "#111827"
_SHARES = (1.0, 0.1, 0.01, 0.001)
_AGES_MS = (1, 10, 100, 1000)


def draw(title: str, cases: Sequence[Mapping[str, Any]], percents: Sequence[float]) -> str:
    """The picture.

    Args:
        title: Above all.
        cases: Of the document of frames.py, one row each.
        percents: Of each case's `ecdf_ms`.

    Returns:
        An SVG document.
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{40 + ROW * len(cases)}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="100%" fill="white"/>{_text(24, 28, title, size=17)}',
    ]
    for number, case in enumerate(cases):
        parts += [
            f'<g transform="translate(0 {30 + ROW * number})">',
            _text(24, 40, case["load"], size=14), _legend(case["arms"]),
            *_slow_frames(case, percents), *_freshness(case), *_levels(case), "</g>",
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(x: float, y: float, words: str, *, size: int = 12, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{_INK}">'
        f"{escape(words)}</text>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {more}/>'
    )


def _path(points: Sequence[tuple[float, float]], colour: str) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.8"/>'


def _legend(arms: Mapping[str, Any]) -> str:
    made = []
    for place, (arm, figures) in enumerate(arms.items()):
        x = 24 + 330 * place
        words = f"{NAMES[arm]}: {figures['missed_percent']:.2f} % missed"
        if "against_off" in figures:
            extra = figures["against_off"]["missed_pp"]
            words += f" ({extra['low']:+.2f} to {extra['high']:+.2f} pp)"
        made += [_line(x, 58, x + 20, 58, COLOURS[arm], 'stroke-width="4"'),
                 _text(x + 26, 62, words)]
    return "".join(made)


def _slow_frames(case: Mapping[str, Any], percents: Sequence[float]) -> list[str]:
    """How many frames take longer than a time, on a logarithmic scale."""
    left, wide = _LEFTS[0], _WIDE[0]
    period_ms = case["period_ns"] / 1e6
    longest = max((arm["frame_ms"]["p99"] for arm in case["arms"].values()), default=1.0)
    most = 1.3 * max(longest, period_ms)
    x = _scale(0.0, most, left, wide)
    made = [_text(left, _TOP - 6, "frames that take longer than ... ms")]
    for share in _SHARES:
        y = _down(share)
        made += [_line(left, y, left + wide, y, _GRID),
                 _text(left - 6, y + 4, f"{100 * share:g} %", anchor="end")]
    for tick in range(6):
        at = most * tick / 5
        made.append(_text(x(at), _TOP + _HIGH + 16, f"{at:.1f}", anchor="middle"))
    if period_ms:
        made += [_line(x(period_ms), _TOP, x(period_ms), _TOP + _HIGH, _INK,
                       'stroke-dasharray="4 3"'),
                 _text(x(period_ms) + 4, _TOP + 12, "the display's period")]
    for arm, figures in case["arms"].items():
        points = [
            (x(min(ms, most)), _down(1 - percent / 100))
            for percent, ms in zip(percents, figures["ecdf_ms"], strict=True) if percent < 100
        ]
        made.append(_path(points, COLOURS[arm]))
    return made


def _freshness(case: Mapping[str, Any]) -> list[str]:
    """From the median to the 99th percentile of each channel's age."""
    left, wide = _LEFTS[1] + 120, _WIDE[1] - 120
    arms = {arm: ages for arm, ages in case["freshness"].items() if ages}
    names = list(dict.fromkeys(name for ages in arms.values() for name in ages))
    x = _scale(0.0, math.log10(4000), left, wide)
    made = [_text(_LEFTS[1], _TOP - 6, "age of each sense's newest record, p50 to p99, ms")]
    for age in _AGES_MS:
        at = x(math.log10(age))
        made += [_line(at, _TOP, at, _TOP + _HIGH, _GRID),
                 _text(at, _TOP + _HIGH + 16, f"{age}", anchor="middle")]
    step = _HIGH / max(1, len(names))
    for row, name in enumerate(names):
        y = _TOP + step * (row + 0.5)
        made.append(_text(left - 6, y + 4, name, size=10, anchor="end"))
        for place, (arm, ages) in enumerate(arms.items()):
            if name in ages:
                ends = [x(math.log10(max(1.0, ages[name][q]))) for q in ("p50", "p99")]
                at = y + 4 * (place - (len(arms) - 1) / 2)
                made.append(_line(ends[0], at, max(ends[1], ends[0] + 2), at, COLOURS[arm],
                                  'stroke-width="3"'))
    return made


def _levels(case: Mapping[str, Any]) -> list[str]:
    """The governor's level in each block that had it, from the block's begin."""
    left, wide = _LEFTS[2], _WIDE[2]
    made = [_text(left, _TOP - 6, "level of the governor, s from a block's begin")]
    blocks = [each for each in case["governor"].get("level_background_risk_by_s", ()) if each]
    if not blocks:
        return [*made, _text(left, _TOP + 20, "it told nothing")]
    longest = max(block[-1][0] for block in blocks) or 1.0
    highest = max(1, *(state[1] for block in blocks for state in block))
    x = _scale(0.0, longest, left, wide)
    y = _scale(0.0, highest, _TOP + _HIGH, -_HIGH)
    for level in range(0, highest + 1, max(1, highest // 6)):
        made += [_line(left, y(level), left + wide, y(level), _GRID),
                 _text(left - 6, y(level) + 4, str(level), anchor="end")]
    for tick in range(5):
        at = longest * tick / 4
        made.append(_text(x(at), _TOP + _HIGH + 16, f"{at:.1f}", anchor="middle"))
    for block in blocks:
        points, last = [], block[0][1]
        for seconds, level, *_ in block:
            points += [(x(seconds), y(last)), (x(seconds), y(level))]
            last = level
        made.append(_path(points, COLOURS["governed"]))
    return made


def _scale(low: float, high: float, start: float, length: float) -> Callable[[float], float]:
    return lambda value: start + length * (value - low) / (high - low)


def _down(share: float) -> float:
    """Where a share of frames stands: 1 at the top, 0.001 and less at the bottom."""
    return _TOP + _HIGH * min(1.0, math.log10(max(share, 1e-9)) / math.log10(_SHARES[-1]))
