"""The daemon's own health: the record that apps read, and the document that `status` prints."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import sensorium
from sensorium import records
from sensorium.clock import now_ns
from sensorium.health import OwnerState, Reason
from sensorium.inference.resident_memory import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sensorium.config import Source
    from sensorium.control.sessions import Connection
    from sensorium.supervisor.children import Child
    from sensorium.supervisor.clients import Clients, Held

_PROCESSES = 8
_NO_BACKGROUND = {"background": False, "background_refused": False, "cores": [], "rescued": 0}
"""Of a process that was never put there."""


def health(
    started_ns: int, children: Mapping[str, Child], clients: Clients, *, muted: bool
) -> NDArray[np.void]:
    """The health record, shape (1,)."""
    record = records.HEALTH.zeros()
    row = record[0]
    now = now_ns()
    row["started_ns"] = started_ns
    row["clients"] = len(clients.held)
    row["muted"] = muted
    row["recording"] = clients.recording_bits()
    row["recording_bytes"] = clients.recorded_bytes()
    row["bad_app_records"] = clients.refused()
    row["version"] = sensorium.__version__.encode()
    processes = [
        (b"supervisor", os.getpid(), OwnerState.LIVE, 0, Reason.NONE, started_ns, now),
        *(
            (child.name.encode(), child.pid, child.state, child.restarts, child.reason,
             child.started_ns, child.heartbeat_ns())
            for child in children.values()
        ),
    ][:_PROCESSES]
    row["process_count"] = len(processes)
    for slot, process in zip(row["processes"], processes, strict=False):
        for name, value in zip(
            ("name", "pid", "state", "restarts", "reason", "started_ns", "heartbeat_ns"),
            process,
            strict=True,
        ):
            slot[name] = value
    return record


def status(
    started_ns: int,
    source: Source,
    children: Mapping[str, Child],
    clients: Clients,
    *,
    muted: bool,
    microphone_users: int,
    camera_users: int,
    governor: dict[str, Any],
    background: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Everything that `sensorium status` shows, as JSON values."""
    now = now_ns()
    return {
        "version": sensorium.__version__,
        "pid": os.getpid(),
        "uptime_s": round((now - started_ns) / 1e9, 1),
        "config": str(source.path),
        "overrides": dict(source.overrides),
        "muted": muted,
        "microphone_users": _user_names(microphone_users),
        "camera_users": _user_names(camera_users),
        "recording_bytes": clients.recorded_bytes(),
        "refused_app_records": clients.refused(),
        "processes": [_process(child, now) for child in children.values()],
        "parts": {
            name: {"process": child.name, **report}
            for child in children.values()
            for name, report in child.parts.items()
        },
        "engines": [
            {"process": child.name, **engine}
            for child in children.values()
            for engine in child.engines
        ],
        "gates": [
            {
                "process": child.name,
                **background.get(child.name, _NO_BACKGROUND),
                **child.gate,
            }
            for child in children.values() if child.gate
        ],
        "apps": _apps(children, clients, now),
        "governor": governor,
        "clients": [_client(connection, held) for connection, held in clients.held.items()],
    }


def _apps(
    children: Mapping[str, Child], clients: Clients, now: int
) -> list[dict[str, Any]]:
    """The frames of all apps: of one that two sources tell of, as the layer sees them.

    The layer does not know the GPU's time: that is the app's own then.
    """
    found = {app["pid"]: app for child in children.values() for app in child.apps}
    for connection, held in clients.held.items():
        if held.app is None or not held.app.intake.history.frames:
            continue
        own = held.app.intake.history.figures(now)
        if connection.pid in found:
            seen = found[connection.pid]
            found[connection.pid] = {**seen, "gpu_ms": seen["gpu_ms"] or own["gpu_ms"]}
        else:
            found[connection.pid] = {
                "app": connection.app, "pid": connection.pid, "source": "app", **own
            }
    return list(found.values())


def _user_names(users: int) -> list[str]:
    return [
        name for bit, name in ((1, "sense"), (2, "app"), (4, "recording")) if users & bit
    ]


def _process(child: Child, now: int) -> dict[str, Any]:
    beat = child.heartbeat_ns()
    return {
        "name": child.name,
        "pid": child.pid,
        "gpu_pid": child.gpu_pid,
        "state": child.state.name.lower(),
        "reason": child.reason.name.lower(),
        "restarts": child.restarts,
        "uptime_s": round((now - child.started_ns) / 1e9, 1) if child.pid else 0.0,
        "heartbeat_ms": round((now - beat) / 1e6, 1) if beat else None,
        "memory_bytes": resident_bytes(child.pid) if child.pid else None,
    }


def _client(connection: Connection, held: Held) -> dict[str, Any]:
    document: dict[str, Any] = {
        "session": connection.session,
        "app": connection.app,
        "client": connection.client,
        "pid": connection.pid,
        "executable": connection.executable,
        "classes": sorted(held.classes),
        "recording": list(held.recording),
    }
    if held.app is not None:
        intake = held.app.intake
        document["app_region"] = {
            "targets": int(intake.scene["count"][0]) if intake.scene is not None else 0,
            "frames": intake.frames.frames,
            "missed": intake.frames.missed,
            "frame_ms": round(intake.frames.frame_ns / 1e6, 3),
            "interval_ms": round(intake.frames.interval_ns / 1e6, 3),
            "refused": intake.refused,
        }
    return document
