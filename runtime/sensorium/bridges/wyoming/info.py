"""What the bridge answers to `describe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sensorium
from sensorium.bridges.wyoming.engines import WAKE
from sensorium.bridges.wyoming.events import Event
from sensorium.inference import store
from sensorium.perception.segment_text import MODELS
from sensorium.perception.wake_head import PHRASE
from sensorium.perception.whisper_text import ENGLISH

if TYPE_CHECKING:
    from sensorium.bridges.wyoming.engines import Engines
    from sensorium.bridges.wyoming.options import WyomingOptions


def info(engines: Engines, options: WyomingOptions) -> Event:
    """Programs and models, of those that are built; in the thread that uses engines.

    Raises:
        EngineError: One is built, but cannot be loaded.
    """
    data: dict[str, Any] = {
        kind: [] for kind in ("asr", "tts", "handle", "intent", "wake", "mic", "snd")
    }
    if not engines.speech_missing():
        one = options.model.endswith(f".{ENGLISH}")
        languages = (ENGLISH,) if one else engines.recogniser().vocabulary.languages
        encoder = MODELS[options.model][0]
        data["asr"].append({
            **_artifact("sensorium", "Sensorium", ""),
            "models": [{
                **_artifact(f"whisper-{options.model}", f"Whisper {options.model}", encoder),
                "languages": list(languages),
            }],
            "supports_transcript_streaming": False,
        })
    heads = wake_words(engines, options)
    if heads:
        data["wake"].append({
            **_artifact("sensorium", "Sensorium", ""),
            "models": [
                {
                    **_artifact(name, engines.engine(name).metadata.get(PHRASE, name), name),
                    "languages": [ENGLISH],
                    "phrase": engines.engine(name).metadata.get(PHRASE, name),
                }
                for name in heads
            ],
        })
    return Event("info", data)


def wake_words(engines: Engines, options: WyomingOptions) -> tuple[str, ...]:
    """The heads that can be heard: they and what they need are built."""
    if engines.missing(*WAKE):
        return ()
    lacking = engines.missing(*options.wake_words)
    return tuple(name for name in options.wake_words if name not in lacking)


def _artifact(name: str, description: str, engine: str) -> dict[str, Any]:
    """What every program and model tells of itself.

    Args:
        name: By which it is asked for.
        description: For a person.
        engine: Whose card names where it is from; empty: it is ours.
    """
    maker = store.find_card(engine).upstream.project if engine else "Sensorium"
    return {
        "name": name, "attribution": {"name": maker, "url": ""}, "installed": True,
        "description": description, "version": sensorium.__version__,
    }
