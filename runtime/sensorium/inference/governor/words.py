"""What the governor does, and why, in words: the same for the terminal, the page and the local API.

Steps and senses are taken as control tells them, as JSON values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

RISKS = {
    "unknown": "no frames are known", "room": "frames have room",
    "close": "frames are close to late", "late": "frames are late",
}  # fmt: skip
POLICIES = {
    "none": "its frames change nothing", "quality": "senses are slowed once frames are missed",
    "frames": "senses are slowed before a frame is missed",
    "pause": "senses are paused while it tells frames",
}  # fmt: skip
_COST_MS = 0.5
"""What engines take less of in a second is nothing to speak of."""
_STEPS = {
    "full": "at full", "smaller": "on a smaller engine", "other_device": "on another device",
    "paused": "paused",
}  # fmt: skip


def where(step: str, interval_ms: int) -> str:
    """Where a sense stands: how much it may take.

    Args:
        step: full, reduced, smaller, other_device or paused.
        interval_ms: From one result to the next, or how long its input waits; 0: nothing waits.
    """
    if step == "reduced":
        return f"every {interval_ms} ms"
    return _STEPS.get(step, step)


def end_of(step: Mapping[str, Any], end: str) -> str:
    """From where a step led, or to where.

    Args:
        step: One of control's `governor`.
        end: from or to.
    """
    told = step[end]
    if step["sense"]:
        return where(told["step"], told["interval_ms"])
    return "as usual" if told["step"] == "full" else "in the background"


def why(step: Mapping[str, Any]) -> str:
    """The evidence of a step, in a few words."""
    frame = f"frame {step['frame']} took {step['frame_ms']:.1f} ms"
    if step["period_ms"]:
        frame += f" of {step['period_ms']:.1f}"
    late = f"{frame}, {step['late_ms']:.1f} ms too late" if step["late_ms"] else frame
    waited = "not known" if step["pressure"] is None else f"{step['pressure']:.0%} of the time"
    says: dict[str, str] = {
        "late": late,
        "missed": f"the display showed a frame again before frame {step['frame']}",
        "close": f"{frame}, p95 {step['busy_ms']:.1f} ms",
        "pressure": f"others need the processors: {waited}",
        "memory": f"others wait for memory: {waited}",
        "gpu": f"others keep the GPU busy: {waited}",
        "relief": f"frames have room, p95 {step['busy_ms']:.1f} ms" if step["app"]
        else "others need less again",
        "policy": "the owner's policy for the app, or the configuration",
        "gone": "the app ended, or tells no frames any more",
    }
    said = says.get(step["cause"], str(step["cause"]))
    if step["cost_ms_s"] >= _COST_MS and step["sense"]:
        said += f"; its engines took {step['cost_ms_s']:.0f} ms each second"
    return said
