"""Figures of the daemon for Prometheus, in base units; nothing of what is said or seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.routing import Route

from sensorium.channels.reader import Reader
from sensorium.clock import now_ns
from sensorium.inference.governor.frame import Risk
from sensorium.service.caller import Caller
from sensorium.service.models.residency import READY
from sensorium.service.operations import TEXT, answer, operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prometheus_client.metrics_core import Metric
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from sensorium.channels.region import Region
    from sensorium.service.context import Context
    from sensorium.service.models.states import State

OPENAPI_PATHS: dict[str, Any] = {
    "/metrics": {
        "get": operation(
            "Figures for Prometheus", {"200": answer("Its text format", TEXT, "text/plain")}
        )
    }
}
_SELF = Caller("sensorium-service")
_NS, _US, _MS = 1e9, 1e6, 1e3


def routes(context: Context) -> list[BaseRoute]:
    """The routes of this part."""
    apps = context.apps

    async def scrape(_: Request) -> Response:
        status = await apps.ask("status")
        engines = await context.engines.states()
        governor = await apps.ask("governor", most=0)
        public = await apps.open(_SELF, "public")
        try:
            registry = CollectorRegistry()
            registry.register(_Figures(status, governor, public.region, engines))
            return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
        finally:
            apps.close(public)

    return [Route("/metrics", scrape, methods=["GET"])]


class _Figures(Collector):
    """What one answer tells.

    Args:
        status: As control's `status` gives it.
        governor: As control's `governor` gives it.
        public: The public region.
        engines: The states of the local API's engines.
    """

    def __init__(
        self, status: dict[str, Any], governor: dict[str, Any], public: Region,
        engines: Sequence[State],
    ) -> None:  # fmt: skip
        self._status = status
        self._governor_told = governor
        self._public = public
        self._engines = engines

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        status = self._status
        version = GaugeMetricFamily("sensorium_info", "Its version", labels=["version"])
        version.add_metric([status["version"]], 1)
        yield version
        yield GaugeMetricFamily(
            "sensorium_uptime_seconds", "Since the daemon's start", value=status["uptime_s"]
        )
        yield GaugeMetricFamily(
            "sensorium_clients", "Connections to control", value=len(status["clients"])
        )
        yield GaugeMetricFamily(
            "sensorium_microphone_muted", "1: muted for all", value=status["muted"]
        )
        yield GaugeMetricFamily(
            "sensorium_microphone_users", "Kinds of those who need it",
            value=len(status["microphone_users"]),
        )
        yield GaugeMetricFamily(
            "sensorium_camera_users", "Kinds of those who need it",
            value=len(status["camera_users"]),
        )
        yield CounterMetricFamily(
            "sensorium_app_records_refused", "Bad records of apps",
            value=status["refused_app_records"],
        )
        yield from self._apps()
        yield from self._governor()
        yield from self._processes()
        yield from self._channels()
        yield from self._pool()

    def _apps(self) -> Iterator[Metric]:
        """The frames of apps: of each process, as one name may run twice."""
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
        for app in self._status["apps"]:
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

    def _governor(self) -> Iterator[Metric]:
        """How senses give way to an app's frames."""
        governor = self._governor_told["governor"]
        steps = CounterMetricFamily(
            "sensorium_governor_steps", "Of senses; `background` is that of all engines",
            labels=["sense", "direction", "cause"],
        )
        for step in self._governor_told["counts"]:
            steps.add_metric([step["sense"], step["direction"], step["cause"]], step["count"])
        yield steps
        live = governor["enabled"] and not governor["problem"]
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
            level.add_metric([], governor["level"])
            risk.add_metric([], Risk[governor["risk"].upper()])
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
        for process in self._governor_told["processes"]:
            background.add_metric([process["process"]], process["background"])
            rescues.add_metric([process["process"]], process["rescued"])
        yield from (background, rescues)
        yield CounterMetricFamily(
            "sensorium_governor_held_seconds", "Not every sense was at full",
            value=governor["held_s"],
        )
        yield CounterMetricFamily(
            "sensorium_governor_at_risk_seconds", "An app's frames were close to late, or late",
            value=governor["at_risk_s"],
        )
        yield GaugeMetricFamily(
            "sensorium_governor_processor_share", "Of one processor, by the governor itself",
            value=governor["cpu_percent"] / 100,
        )

    def _processes(self) -> Iterator[Metric]:
        live = GaugeMetricFamily("sensorium_process_live", "1: it works", labels=["process"])
        restarts = CounterMetricFamily(
            "sensorium_process_restarts", "Since the daemon's start", labels=["process"]
        )
        beat = GaugeMetricFamily(
            "sensorium_process_heartbeat_age_seconds", "Since it was alive last", labels=["process"]
        )
        for process in self._status["processes"]:
            live.add_metric([process["name"]], process["state"] == "live")
            restarts.add_metric([process["name"]], process["restarts"])
            if process["heartbeat_ms"] is not None:
                beat.add_metric([process["name"]], process["heartbeat_ms"] / 1e3)
        part = GaugeMetricFamily(
            "sensorium_part_live", "1: a sensor or sense works", labels=["part", "process"]
        )
        for name, told in self._status["parts"].items():
            part.add_metric([name, told["process"]], told["state"] == "live")
        memory = GaugeMetricFamily(
            "sensorium_process_resident_bytes", "Its memory", labels=["process"]
        )
        for process in self._status["processes"]:
            if process["memory_bytes"] is not None:
                memory.add_metric([process["name"]], process["memory_bytes"])
        yield from (live, restarts, beat, part, memory)
        yield from self._senses()

    def _senses(self) -> Iterator[Metric]:
        """The engines of the senses."""
        names = ["sense", "engine"]
        loaded = GaugeMetricFamily(
            "sensorium_sense_engine_loaded", "1: in its process's memory",
            labels=[*names, "process", "precision", "device"],
        )
        runs = CounterMetricFamily(
            "sensorium_sense_engine_runs", "Since its process's start", labels=names
        )
        took = GaugeMetricFamily(
            "sensorium_sense_engine_run_seconds", "Of the last 512 runs",
            labels=[*names, "quantile"],
        )
        memory = GaugeMetricFamily(
            "sensorium_sense_engine_memory_bytes",
            "By how much its process grew when it was loaded", labels=names,
        )
        for engine in self._status["engines"]:
            who = [engine["sense"], engine["engine"]]
            loaded.add_metric([*who, engine["process"], engine["precision"], engine["device"]], 1)
            runs.add_metric(who, engine["runs"])
            if engine["runs"]:
                took.add_metric([*who, "0.5"], engine["p50_us"] / _US)
                took.add_metric([*who, "0.99"], engine["p99_us"] / _US)
            if engine["memory_bytes"] is not None:
                memory.add_metric(who, engine["memory_bytes"])
        yield from (loaded, runs, took, memory)

    def _channels(self) -> Iterator[Metric]:
        count = CounterMetricFamily(
            "sensorium_channel_records", "Written, of the public channels", labels=["channel"]
        )
        age = GaugeMetricFamily(
            "sensorium_channel_age_seconds", "Of the newest record", labels=["channel"]
        )
        latency = GaugeMetricFamily(
            "sensorium_channel_latency_seconds", "From capture to publish, of the newest record",
            labels=["channel"],
        )
        now = now_ns()
        for name in self._public.entries:
            reader = Reader(self._public, name)
            reader.read(now)
            sample = reader.sample
            count.add_metric([name], sample.n)
            if sample.n:
                age.add_metric([name], (now - sample.publish_ns) / _NS)
                latency.add_metric([name], (sample.publish_ns - sample.capture_ns) / _NS)
        yield from (count, age, latency)

    def _pool(self) -> Iterator[Metric]:
        loaded = GaugeMetricFamily(
            "sensorium_engine_loaded", "1: in the local API's memory",
            labels=["engine", "precision", "device"],
        )
        waiting = GaugeMetricFamily(
            "sensorium_engine_waiting", "Runs that wait for it", labels=["engine"]
        )
        runs = CounterMetricFamily(
            "sensorium_engine_runs", "By the local API", labels=["engine"]
        )
        took = GaugeMetricFamily(
            "sensorium_engine_run_seconds", "Of the last 1,024 runs", labels=["engine", "quantile"]
        )
        for engine in self._engines:
            loaded.add_metric(
                [engine.name, engine.precision, engine.device], engine.state == READY
            )
            waiting.add_metric([engine.name], engine.waiting)
            runs.add_metric([engine.name], engine.runs)
            if engine.runs:
                took.add_metric([engine.name, "0.5"], engine.p50_us / _US)
                took.add_metric([engine.name, "0.99"], engine.p99_us / _US)
        yield from (loaded, waiting, runs, took)
