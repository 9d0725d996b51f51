"""The shipped configurations: they decode, say the defaults, and explain every key."""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from sensorium import folders
from sensorium.bridges.bridge import BRIDGES
from sensorium.config import Daemon, Governor, Inference, Recording, Service, find, load
from sensorium.perception.sense import SENSES
from sensorium.sensors.sensor import SENSORS

if TYPE_CHECKING:
    from pathlib import Path

NAMES = sorted(path.stem for path in folders.data_room("configs").glob("*.toml"))
OWN = {"enabled"}
OFF = {
    "speech", "command", "wake_word", "push_to_talk", "target", "speaker", "voice_measures",
    "voice_emotion", "viseme", "output_sound", "clean_audio", "hand_gesture", "gaze",
    "attention_trace", "intent", "camera", "objects", "image_class", "face", "face_emotion",
    "openxr_layer", *BRIDGES,
}
"""What the default lists and leaves off."""
OF_ITS_OWN = {"file", "loop"}
"""Keys whose value in replay.toml is not the default."""


def options_of(registry: dict[str, str], name: str) -> type[Any]:
    module, kind = registry[name].split(":")
    try:
        return getattr(importlib.import_module(module), kind).Options
    except (ImportError, OSError) as error:
        pytest.skip(f"{module} cannot be imported here: {error}")


def tables_with_options(path: Path) -> list[tuple[dict[str, Any], type[Any]]]:
    content = tomllib.loads(path.read_text())
    found = [
        (content[name], kind)
        for name, kind in (
            ("daemon", Daemon), ("inference", Inference), ("governor", Governor),
            ("recording", Recording), ("service", Service),
        )
        if name in content
    ]
    rooms = (("sensors", SENSORS), ("senses", SENSES), ("bridges", BRIDGES))
    for room, registry in rooms:
        for name, table in content.get(room, {}).items():
            found.append((table, options_of(registry, name)))
    return found


def test_the_five_are_there() -> None:
    assert {"default", "mic_only", "voice", "service", "replay"} <= set(NAMES)
    assert find("replay") == folders.data_room("configs") / "replay.toml"


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_configuration_decodes(name: str) -> None:
    config = load(find(name), sensors=SENSORS, senses=SENSES, bridges=BRIDGES)
    for registry, sections in (
        (SENSORS, config.sensors), (SENSES, config.senses), (BRIDGES, config.bridges)
    ):
        for section in sections.values():
            assert section.enabled or (name == "default" and section.name in OFF)
            section.decode(options_of(registry, section.name))


@pytest.mark.parametrize("name", NAMES)
def test_each_key_has_its_explanation_right_above(name: str) -> None:
    lines = find(name).read_text().splitlines()
    for above, line in itertools.pairwise(lines):
        if "=" in line and not line.startswith("#"):
            assert above.startswith("# "), line


def test_the_default_lists_each_option_with_its_default() -> None:
    tables = tables_with_options(find("default"))
    listed = {options.__name__ for _, options in tables}
    for registry in (SENSORS, SENSES):
        for name in registry:
            if name != "replay":
                assert options_of(registry, name).__name__ in listed
    require_all_listed(find("default").read_text(), tables)


def test_the_replay_lists_each_option_of_its_sensor() -> None:
    table = tomllib.loads(find("replay").read_text())["sensors"]["replay"]
    require_all_listed(find("replay").read_text(), [(table, options_of(SENSORS, "replay"))])


def require_all_listed(text: str, tables: list[tuple[dict[str, Any], type[Any]]]) -> None:
    for table, options in tables:
        for field in dataclasses.fields(options):
            if field.default_factory is dict:
                assert table[field.name] == {}
                continue
            if field.default in (None, dataclasses.MISSING) or field.name in OF_ITS_OWN:
                assert f"{field.name} = " in text, f"{options.__qualname__}.{field.name}"
                continue
            assert field.name in table, f"{options.__qualname__}.{field.name}"
            given = table[field.name]
            given = tuple(given) if isinstance(given, list) else given
            assert given == field.default
            assert type(given) is type(field.default)
        assert set(table) - OWN <= {field.name for field in dataclasses.fields(options)}
        for field in dataclasses.fields(options):
            assert field.metadata.get("doc"), f"{options.__qualname__}.{field.name} has no doc"
