"""The configuration with every sense on that can run here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.errors import EngineError
from sensorium.inference import store

if TYPE_CHECKING:
    from pathlib import Path

APP = "frame-benchmark-reader"

_WHISPER = ("whisper-tiny-en-encoder", "whisper-tiny-en-decoder")
_FACE = ("face-detector", "face-landmarks", "face-blendshapes")
_SENSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("voice_activity", ("silero-vad",)), ("gesture", ("gesture-recognizer",)),
    ("hand_gesture", ("hand-movement",)), ("head", ()), ("gaze", ()), ("target", ()),
    ("attention_trace", ()), ("speech", _WHISPER), ("command", _WHISPER), ("intent", _WHISPER),
    ("wake_word", ("speech-mel", "speech-embedding", "hey-sensorium")), ("voice_measures", ()),
    ("viseme", ("viseme",)),
)
"""Sense to the engines without which it is left out."""
_OF_PICTURES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("objects", ("yolov3-tiny",)), ("image_class", ("efficientnet-lite0",)), ("face", _FACE),
)
TEXT_ENGINE = "minilm"
FEW = ("voice_activity", "gesture", "head")

CHANNELS = {
    "voice_activity": ("voice_activity", "utterance"), "gesture": ("gesture_left", "gesture_right"),
    "hand_gesture": ("hand_gesture_left", "hand_gesture_right"), "head": ("head_state",),
    "gaze": ("eye_movement",), "target": ("target",), "speech": ("transcript",),
    "viseme": ("viseme",), "objects": ("objects",), "image_class": ("image_class",),
    "face": ("face",),
}  # fmt: skip
"""What is read of each sense."""
ALWAYS = ("audio", "governor", "governor_step")
GRANTS = ("motion", "gaze", "audio", "transcript", "camera")
_VOCABULARY = f"""\
app = "{APP}"
name = "frames"
gate = "always"
[[commands]]
name = "see"
phrases = ["sensorium sees both of your hands", "put that there", "delete this"]
"""


def has(*names: str) -> bool:
    """Whether all these engines are built."""
    try:
        for name in names:
            store.built(store.find_card(name))
    except EngineError:
        return False
    return True


def choose(few: bool, pictures: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The senses that can run here, and those that are left out for want of an engine or pictures.

    Args:
        few: Only `FEW`.
        pictures: Whether there is a video.
    """
    every = _SENSES + _OF_PICTURES
    wanted = {name: engines for name, engines in every if not few or name in FEW}
    found = tuple(
        name for name, engines in wanted.items()
        if has(*engines) and (pictures or (name, engines) not in _OF_PICTURES)
    )
    return found, tuple(name for name in wanted if name not in found)


def channels(senses: tuple[str, ...]) -> tuple[str, ...]:
    """The channels to read while these senses run."""
    return (*ALWAYS, *(name for sense in senses for name in CHANNELS.get(sense, ())))


def configuration(
    senses: tuple[str, ...], recording: Path, video: Path | None, *, governed: bool, tasks: bool,
    nice: int,
) -> str:
    """The daemon's configuration, as TOML.

    Args:
        senses: That are on.
        recording: Of `frames_recorded.write`.
        video: That is played as the camera; None: no camera.
        governed: Whether the governor is on.
        tasks: Whether the local API is.
        nice: How far below the app the senses run, as [inference] has it.
    """
    tables = [
        f"[governor]\nenabled = {str(governed).lower()}",
        f"[inference]\nnice = {nice}",
        f"[service]\nenabled = {str(tasks).lower()}",
        f"[sensors.replay]\nenabled = true\nfile = '{recording}'\nloop = true",
        *(f"[senses.{name}]\nenabled = true" for name in senses),
    ]
    if video is not None:
        tables.append(f"[sensors.camera]\nenabled = true\ndevice = '{video}'")
    return "\n\n".join(tables) + "\n"


def write_vocabulary(config_dir: Path) -> None:
    """Gives the reader commands of its own, so that speech has something to lean towards."""
    folder = config_dir / "vocabularies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "frames.toml").write_text(_VOCABULARY)
