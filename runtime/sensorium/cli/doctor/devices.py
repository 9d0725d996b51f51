"""Headset, microphone, camera and engines: what the configuration asks for, and what is there."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.cli.doctor.child import ask
from sensorium.cli.doctor.finding import Finding, Verdict, needed
from sensorium.errors import SensorError, SensoriumError
from sensorium.inference import plans, store
from sensorium.inference.cuda.driver import GpuDevice
from sensorium.inference.device import CPU, Adapter, choose
from sensorium.process import registry
from sensorium.process.engines import ask_runtime
from sensorium.sensors import opencv
from sensorium.sensors.camera import CameraOptions
from sensorium.sensors.openxr_layer import allowed, manifest
from sensorium.sensors.openxr_layer.library import NARROW, complaint
from sensorium.sensors.sensor import HEADSETS
from sensorium.sensors.video_source import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium.config import Config

_EXTENSIONS = {
    "XR_MND_headless": "a session without a window",
    "XR_EXT_hand_tracking": "hands",
    "XR_EXT_eye_gaze_interaction": "gaze",
}
_RUNTIME_REMEDY = (
    "start SteamVR, Monado or WiVRn and make it the active OpenXR runtime, or set XR_RUNTIME_JSON"
)


def look(config: Config) -> Iterator[Finding]:
    """Looks at everything that a configuration's sensors and senses need."""
    yield from _openxr(wanted=_enabled(config, "openxr"))
    yield from openxr_layer(config)
    yield _microphone(config)
    yield from _output_sound(config)
    yield from camera(config)
    yield from _replay(config)
    yield inference_device(config)
    yield from _engines(config)


def _enabled(config: Config, sensor: str) -> bool:
    return sensor in config.sensors and config.sensors[sensor].enabled


def _openxr(*, wanted: bool) -> Iterator[Finding]:
    active = active_runtime()
    if active is None:
        yield needed("openxr runtime", "none is active", _RUNTIME_REMEDY, by=wanted)
    else:
        yield _manifest(active, wanted=wanted)
    found = ask("openxr")
    if "error" in found:
        remedy = found.get("remedy") or _RUNTIME_REMEDY
        yield needed("openxr", found["error"], remedy, by=wanted)
        return
    yield Finding("openxr", Verdict.OK, f"{found['runtime']} answers")
    for name, what in _EXTENSIONS.items():
        if name not in found["extensions"]:
            yield needed(
                "openxr", f"the runtime does not offer {name}: no {what}",
                "another runtime may offer it", by=wanted and name == "XR_MND_headless",
            )
    if "system" in found:
        yield Finding("headset", Verdict.OK, found["system"])
    else:
        yield needed(
            "headset", found["no_system"], "connect the headset and switch it on", by=wanted
        )


def active_runtime() -> Path | None:
    """The file that names the active OpenXR runtime, as the loader looks for it."""
    if chosen := os.environ.get("XR_RUNTIME_JSON"):
        return Path(chosen)
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Khronos\OpenXR\1") as key:
                return Path(winreg.QueryValueEx(key, "ActiveRuntime")[0])
        except OSError:
            return None
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    shared = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    rooms = [own, *map(Path, shared.split(":")), Path("/usr/local/etc"), Path("/etc")]
    files = (room / "openxr" / "1" / "active_runtime.json" for room in rooms)
    return next((file for file in files if file.is_file()), None)


def _manifest(path: Path, *, wanted: bool) -> Finding:
    try:
        library = str(json.loads(path.read_text("utf-8"))["runtime"]["library_path"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        return needed("openxr runtime", f"{path} cannot be used: {error}", _RUNTIME_REMEDY,
                      by=wanted)
    return Finding("openxr runtime", Verdict.OK, f"{path} names {library}")


def openxr_layer(config: Config) -> Iterator[Finding]:
    """Looks at what the sensor of the OpenXR layer needs, where it is enabled."""
    if not _enabled(config, "openxr_layer"):
        return
    try:
        library, narrow = manifest.library(), manifest.library(NARROW)
        apps = [each.who for each in allowed.read() if each.mode == "thread"]
    except SensoriumError as error:
        yield Finding("openxr layer", Verdict.MISSING, error.message, error.remedy)
        return
    if library is None and narrow is not None:
        yield Finding("openxr layer", Verdict.MISSING, "64-bit apps find the 32-bit one alone",
                      "sensorium layer install, or no 64-bit OpenXR app starts")
    elif library is None:
        yield Finding("openxr layer", Verdict.MISSING, "is not installed",
                      "sensorium layer install")
    elif why := complaint(library):
        yield Finding("openxr layer", Verdict.MISSING, f"{library} cannot be loaded: {why}",
                      "sensorium layer uninstall, or no OpenXR app may start")
    elif narrow is not None and (why := complaint(narrow, NARROW)):
        yield Finding("openxr layer", Verdict.MISSING, f"{narrow} cannot be loaded: {why}",
                      "sensorium layer install, or no 32-bit OpenXR app may start")
    elif not apps:
        yield Finding("openxr layer", Verdict.MISSING, "no app may show its poses",
                      "sensorium layer allow APP --mode thread")
    else:
        yield Finding("openxr layer", Verdict.OK, f"installed; may show poses: {', '.join(apps)}")


def _output_sound(config: Config) -> Iterator[Finding]:
    if not _enabled(config, "output_sound"):
        return
    found = ask("output_sound", str(config.sensors["output_sound"].table.get("device", "")))
    if "error" in found:
        yield needed("output sound", found["error"], found.get("remedy", ""), by=True)
        return
    yield Finding("output sound", Verdict.OK, f"{found['source']} can be captured")


def _microphone(config: Config) -> Finding:
    wanted = _enabled(config, "microphone")
    name = str(config.sensors["microphone"].table.get("device", "")) if wanted else ""
    found = ask("microphone", name)
    if "error" in found:
        return needed("microphone", found["error"], found.get("remedy", ""), by=wanted)
    others = len(found["inputs"]) - 1
    more = f"; {others} other inputs" if others > 0 else ""
    return Finding("microphone", Verdict.OK, f"{found['device']} at {found['rate']} Hz{more}")


def camera(config: Config) -> Iterator[Finding]:
    """The extra and the device, which is never opened: a lamp that goes on would be a lie."""
    if not _enabled(config, "camera"):
        return
    if not opencv.is_installed():
        yield needed("camera", "OpenCV is not installed", opencv.REMEDY, by=True)
        return
    source = named(config.sensors["camera"].decode(CameraOptions).device)
    try:
        source.check()
    except SensorError as error:
        yield needed("camera", error.message, error.remedy, by=True)
        return
    known = "is there" if sys.platform == "linux" and not source.remote else "is not looked for"
    yield Finding("camera", Verdict.OK, f"{source.name} {known}; it was not opened")


def _replay(config: Config) -> Iterator[Finding]:
    for part in registry.sensors(config):
        if part.name == "replay":
            file = Path(part.options.file)
            yield Finding("recording", Verdict.OK, f"{file}, {file.stat().st_size / 1e6:.1f} MB")


def inference_device(config: Config) -> Finding:
    """On which device engines run, and why."""
    topic, wanted = "inference device", config.inference.device
    if wanted == CPU:
        return Finding(topic, Verdict.OK, "CPU: inference.device is cpu")
    if not plans.installed():
        modules = " nor ".join(sorted(plans.PLANS.values()))
        return Finding(
            topic, Verdict.NOTE, f"CPU: neither {modules} is installed",
            "pip install sensorium[rtx]",
        )
    found = ask("cuda", config.inference.cuda)
    if "error" in found:
        return Finding(topic, Verdict.NOTE, f"CPU: {found['error']}", found.get("remedy", ""))
    adapter = (
        ask_runtime() if any(_enabled(config, name) for name in HEADSETS)
        else Adapter(why="no headset is configured")
    )  # fmt: skip
    chosen = choose(wanted, adapter, [GpuDevice(**device) for device in found["devices"]])
    if chosen.uuid:
        return Finding(topic, Verdict.OK, f"{chosen.uuid}: {chosen.why}")
    return Finding(topic, Verdict.NOTE, f"CPU: {chosen.why}")


def _engines(config: Config) -> Iterator[Finding]:
    users: dict[str, list[str]] = {}
    needed: set[str] = set()
    for part in registry.senses(config):
        needed |= set(part.engines())
        for name in (*part.engines(), *part.may_use()):
            users.setdefault(name, []).append(part.name)
    for name, senses in users.items():
        found = ask("engine", name)
        topic = f"engine {name}"
        if "error" in found:
            verdict, without = (
                (Verdict.MISSING, "for {}") if name in needed else (Verdict.NOTE, "{} goes without")
            )
            whom = without.format(", ".join(senses))
            yield Finding(topic, verdict, f"{found['error']} ({whom})", found.get("remedy", ""))
        else:
            yield Finding(
                topic, Verdict.OK,
                f"{found['precision']} on {found['device']}, {found['hash']}, for "
                f"{', '.join(senses)}{_plan(name)}",
            )
    for name in store.names():
        if name not in users:
            yield _unused(name)


def _plan(name: str) -> str:
    """What is said of an engine's plan; empty where this PC has none that it could run."""
    plan = plans.find(name)
    if plan is None:
        return ""
    return f"; plan for the GPU: {plan.damage or plan.manifest.precision}"


def _unused(name: str) -> Finding:
    try:
        card = store.find_card(name)
    except SensoriumError as error:
        return Finding(f"engine {name}", Verdict.NOTE, error.message, error.remedy)
    built = "built" if store.stamp(card.name) is not None else "not built"
    return Finding(f"engine {name}", Verdict.NOTE, f"{built}; no enabled sense uses it")
