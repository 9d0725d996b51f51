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
from sensorium.service import frame_metrics
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
_NS, _US = 1e9, 1e6


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
        self._governor = governor
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
        yield from frame_metrics.apps(status["apps"])
        yield from frame_metrics.governor(self._governor)
        yield from self._processes()
        yield from self._channels()
        yield from self._pool()

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
