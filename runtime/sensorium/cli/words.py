"""What a record says, in a few words for a person."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.text import Text

from sensorium.cli.drawing import bar
from sensorium.health import OwnerState
from sensorium.inference.governor.frame import Risk
from sensorium.inference.governor.step import Cause, StepKind

Record = Mapping[str, Any]
"""A record as nested mappings: field name to number, text, list or record."""

DEVICE_STATES = (
    "unknown", "open", "closed", "muted", "denied", "missing", "opening", "closing"
)
_USERS = ((1, "a sense"), (2, "an app"), (4, "a recording"))
_BUTTONS = ("trigger", "squeeze", "stick", "trackpad", "primary", "secondary", "menu", "system")
_RISKS = tuple(risk.name.lower() for risk in Risk)
_STEPS = tuple(step.name.lower() for step in StepKind)
_CAUSES = tuple(cause.name.lower() for cause in Cause)
_LAYER = 2
"""`source` of a pose that the OpenXR layer gives."""
_QUIET_DB = -60.0
"""Where the bar of a loudness begins, dBFS."""


def words(record_name: str, record: Record) -> Text:
    """What a record says.

    Args:
        record_name: As in `records`: head, hand, gesture ...
        record: Its content.
    """
    tell = _TELL.get(record_name)
    return tell(record) if tell else Text(_listed(record))


def direction_words(orientation: Any) -> str:
    """Where a pose looks: `left 12°, up 4°`.

    Args:
        orientation: Unit quaternion xyzw; its -z looks forward.
    """
    x, y, z, w = (float(part) for part in orientation)
    forward_x = -2 * (x * z + w * y)
    forward_y = -2 * (y * z - w * x)
    forward_z = -(1 - 2 * (x * x + y * y))
    yaw = math.degrees(math.atan2(forward_x, -forward_z))
    pitch = math.degrees(math.asin(min(1.0, max(-1.0, forward_y))))
    return f"{'right' if yaw > 0 else 'left'} {abs(yaw):.0f}°, " + (
        f"{'up' if pitch > 0 else 'down'} {abs(pitch):.0f}°"
    )


def _health(record: Record) -> Text:
    running = [
        process
        for process in record["processes"][: record["process_count"]]
        if process["state"] == OwnerState.LIVE
    ]
    said = f"{len(running)} of {record['process_count']} processes live"
    if record["muted"]:
        said += ", muted"
    if record["recording"]:
        said += f", RECORDING {record['recording_bytes'] / 1e6:.1f} MB"
    return Text(said, "" if len(running) == record["process_count"] else "yellow")


def _head(record: Record) -> Text:
    pose = record["pose"]
    said = f"at {_metres(pose['position'])}, looks {direction_words(pose['orientation'])}"
    return Text(said + (", by the layer in an app" if record["source"] == _LAYER else ""))


def _hand(record: Record) -> Text:
    palm = record["joints"][0]
    speed = math.hypot(*palm["linear_velocity"])
    said = f"palm at {_metres(palm['position'])}"
    return Text(said + (f", moves {speed:.2f} m/s" if speed > 0.02 else ", still"))


def _controller(record: Record) -> Text:
    pressed = [name for bit, name in enumerate(_BUTTONS) if record["pressed"] >> bit & 1]
    said = f"at {_metres(record['grip']['position'])}"
    return Text(said + (", presses " + ", ".join(pressed) if pressed else ""))


def _gaze(record: Record) -> Text:
    source = {1: "eyes", 2: "head"}.get(record["source"], "unknown")
    return Text(f"{source}, {direction_words(record['orientation'])}")


def _audio(record: Record) -> Text:
    level = 20 * math.log10(record["rms"]) if record["rms"] > 0 else -math.inf
    said = meter((level - _QUIET_DB) / -_QUIET_DB, "cyan")
    said.append(f" {level:4.0f} dBFS" if math.isfinite(level) else " silence")
    if record["lost_samples"]:
        said.append(f", {record['lost_samples']} samples lost", "yellow")
    return said


def _microphone(record: Record) -> Text:
    rate = record["native_rate"]
    return _device(record, f" at {rate} Hz" if rate else "")


def _camera(record: Record) -> Text:
    width = record["width"]
    return _device(record, f", {width} x {record['height']}" if width else "")


def _device(record: Record, gives: str) -> Text:
    """A device that is open only while somebody needs it."""
    state = record["state"]
    name = DEVICE_STATES[state] if state < len(DEVICE_STATES) else f"state {state}"
    held = name in ("open", "opening", "closing")
    said = Text(name, "bold red" if held else "")
    if record["device"]:
        said.append(f", {record['device']}")
    said.append(gives)
    users = [who for bit, who in _USERS if record["users"] & bit]
    if users:
        said.append(f", for {' and '.join(users)}")
    return said


def _picture(record: Record) -> Text:
    return Text(f"picture {record['sequence']}, {record['width']} x {record['height']}")


def _voice(record: Record) -> Text:
    speaking = bool(record["speaking"])
    said = Text("● SPEAKING " if speaking else "○ silent   ", "bold green" if speaking else "dim")
    said.append_text(meter(record["probability"], "green" if speaking else "cyan"))
    said.append(f" {record['probability']:.2f}  {record['loudness']:4.0f} dBFS")
    return said


def _gesture(record: Record) -> Text:
    name = record["name"]
    said = Text(f"{name or 'no gesture':<12.12} ", "bold magenta" if name else "dim")
    said.append_text(meter(record["score"] if name else 0.0, "magenta"))
    said.append(f" {record['score']:.2f}" if name else "  -  ", "" if name else "dim")
    said.append(f"  pinch {record['pinch']:.2f}  grab {record['grab']:.2f}")
    return said


def _transcript(record: Record) -> Text:
    return Text(record["text"], "" if record["is_final"] else "dim italic")


def _wake_word(record: Record) -> Text:
    return Text(f"{record['phrase']} {record['score']:.2f}")


def _command(record: Record) -> Text:
    slots = record["slots"][: record["slot_count"]]
    said = " ".join(f"{slot['name']}={slot['value']}" for slot in slots)
    return Text(f"{record['name']} {said} {record['score']:.2f}")


def _emotion(record: Record) -> Text:
    return Text(f"{record['name']} {record['score']:.2f} (an estimate)")


def _objects(record: Record) -> Text:
    names = [item["name"] for item in record["objects"][: record["count"]]]
    return Text(", ".join(names) or "none")


def _image_class(record: Record) -> Text:
    guesses = record["guesses"][: record["count"]]
    return Text(", ".join(f"{guess['name']} {guess['score']:.2f}" for guess in guesses))


def _faces(record: Record) -> Text:
    count = record["count"]
    return Text("no face" if not count else "a face" if count == 1 else f"{count} faces")


def _governor(record: Record) -> Text:
    senses = record["senses"][: record["count"]]
    slowed = [sense["name"] for sense in senses if sense["step"]]
    app = record["app"]
    said = Text(f"{app}, {_named(_RISKS, record['risk'])}" if app else "no app tells frames")
    if record["level"]:
        said.append(f", level {record['level']}", "yellow")
        said.append(", in the background" if record["background"] else "", "yellow")
        said.append(f": {', '.join(slowed)}" if slowed else "", "yellow")
    return said


def _frame_phase(record: Record) -> Text:
    working = (record["due_ns"] - record["submitted_ns"]) / 1e6
    return Text(
        f"{_named(_RISKS, record['risk'])}, due {working:.1f} ms after the last, "
        f"works {record['busy_ns'] / 1e6:.1f} ms"
    )


def _governor_step(record: Record) -> Text:
    what = record["sense"] or "all engines"
    before, after = (
        _named(_STEPS, record[f"{end}_step"]) + (
            f" {record[f'{end}_interval_ms']} ms" if record[f"{end}_interval_ms"] else ""
        ) for end in ("from", "to")
    )  # fmt: skip
    said = Text(f"{what}: {before} to {after}, {_named(_CAUSES, record['cause'])}")
    if record["app"]:
        said.append(f": frame {record['frame']} of {record['app']}")
    if record["late_ns"]:
        said.append(f", {record['late_ns'] / 1e6:.1f} ms late", "yellow")
    return said


def _named(names: Sequence[str], value: int) -> str:
    return names[value] if value < len(names) else str(value)


def meter(value: float, style: str) -> Text:
    """A bar of ten characters for a value of 0 to 1."""
    filled, empty = bar(value, 10)
    return Text.assemble((filled, style), (empty, "bright_black"))


def _metres(position: Any) -> str:
    return " ".join(f"{float(part):+.2f}" for part in position) + " m"


def _listed(record: Record) -> str:
    plain = {name: value for name, value in record.items() if not isinstance(value, (list, dict))}
    return " ".join(f"{name}={value}" for name, value in plain.items())


_TELL: dict[str, Callable[[Record], Text]] = {
    "health": _health,
    "governor": _governor,
    "frame_phase": _frame_phase,
    "governor_step": _governor_step,
    "head": _head,
    "hand": _hand,
    "controller": _controller,
    "gaze": _gaze,
    "audio": _audio,
    "microphone": _microphone,
    "voice_activity": _voice,
    "gesture": _gesture,
    "transcript": _transcript,
    "wake_word": _wake_word,
    "command": _command,
    "emotion": _emotion,
    "objects": _objects,
    "camera": _camera,
    "picture": _picture,
    "image_class": _image_class,
    "faces": _faces,
}
