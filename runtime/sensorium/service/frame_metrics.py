"""Figures for Prometheus of apps' frames, and of what gives way to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from sensorium.inference.governor.frame import Risk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

_MS = 1e3


def apps(told: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    """The frames of apps: of each process, as one name may run twice.

    Args:
        told: As `status` has them.
    """
    names = ["app", "pid", "source"]
    counters = {
        "frames": CounterMetricFamily("sensorium_app_frames", "Shown", labels=names),
        "missed": CounterMetricFamily(
            "sensorium_app_frames_missed", "Refreshes without a new frame", labels=names
        ),
        "late": CounterMetricFamily(
            "sensorium_app_frames_late", "Submitted after their display time", labels=names
        ),
    }
    rate = GaugeMetricFamily("sensorium_app_frame_rate", "Of the last second", labels=names)
    spans = {
        key: GaugeMetricFamily(
            f"sensorium_app_{name}_seconds", help_, labels=[*names, "quantile"]
        )
        for key, name, help_ in (
            ("frame_ms", "frame", "From begin to submission, of the last minute"),
            ("interval_ms", "frame_interval", "Between submissions, of the last minute"),
            ("cpu_ms", "frame_cpu", "The CPU's time, of the last minute"),
            ("gpu_ms", "frame_gpu", "The GPU's time, of the last minute"),
        )
    }
    for app in told:
        who = [app["app"], str(app["pid"]), app["source"]]
        rate.add_metric(who, app["rate_hz"])
        for key, counter in counters.items():
            if app[key] is not None:
                counter.add_metric(who, app[key])
        for key, span in spans.items():
            for quantile, value in (app[key] or {}).items():
                span.add_metric([*who, f"0.{quantile.removeprefix('p').rstrip('0')}"],
                                value / _MS)
    yield from (*counters.values(), rate, *spans.values())


def governor(told: Mapping[str, Any]) -> Iterator[Metric]:
    """How senses give way to an app's frames.

    Args:
        told: As control's `governor` gives it.
    """
    holds = told["governor"]
    steps = CounterMetricFamily(
        "sensorium_governor_steps", "Of senses; `background` is that of all engines",
        labels=["sense", "direction", "cause"],
    )
    for step in told["counts"]:
        steps.add_metric([step["sense"], step["direction"], step["cause"]], step["count"])
    yield steps
    live = holds["enabled"] and not holds["problem"]
    yield GaugeMetricFamily(
        "sensorium_governor_live", "1: it works; 0: it is off, or has failed", value=live
    )
    level = GaugeMetricFamily(
        "sensorium_governor_level", "0: every sense is at full; not told where it does not work"
    )
    risk = GaugeMetricFamily(
        "sensorium_governor_risk",
        "0: no app tells frames, 1: they have room, 2: close, 3: late; not told where the "
        "governor does not work",
    )
    if live:
        level.add_metric([], holds["level"])
        risk.add_metric([], Risk[holds["risk"].upper()])
    yield from (level, risk)
    background = GaugeMetricFamily(
        "sensorium_process_background",
        "1: it keeps out of an app's way, on a few cores or where nobody else wants to run",
        labels=["process"],
    )
    rescues = CounterMetricFamily(
        "sensorium_process_background_rescues",
        "How often it got nothing there and was taken back for a while", labels=["process"],
    )
    for process in told["processes"]:
        background.add_metric([process["process"]], process["background"])
        rescues.add_metric([process["process"]], process["rescued"])
    yield from (background, rescues)
    yield CounterMetricFamily(
        "sensorium_governor_held_seconds", "Not every sense was at full",
        value=holds["held_s"],
    )
    yield CounterMetricFamily(
        "sensorium_governor_at_risk_seconds", "An app's frames were close to late, or late",
        value=holds["at_risk_s"],
    )
    yield GaugeMetricFamily(
        "sensorium_governor_processor_share", "Of one processor, by the governor itself",
        value=holds["cpu_percent"] / 100,
    )
