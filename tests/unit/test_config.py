from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from sensorium.config import Config, Source, find, load
from sensorium.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Options:
    device: str | None = None
    gain: float = field(default=1.0, metadata={"doc": "Gain.", "min": 0.0, "max": 4.0})
    channels: int = field(default=1, metadata={"min": 1})
    mode: str = field(default="shared", metadata={"choices": ("shared", "exclusive")})
    fast: bool = False
    file: Path | None = None
    cores: tuple[int, ...] = field(default=(), metadata={"min": 0, "max": 7})
    gains: dict[str, float] = field(default_factory=dict, metadata={"min": 0.0, "max": 4.0})

    def __post_init__(self) -> None:
        if self.fast and self.channels > 2:
            raise ValueError("fast is for at most two channels")


@dataclass(frozen=True)
class Required:
    file: Path = field(metadata={"doc": "What to play."})


def loaded(folder: Path, text: str) -> Config:
    path = folder / "given.toml"
    path.write_text(text)
    return load(path, sensors=("openxr", "microphone"), senses=("gesture", "voice_activity"))


def refused(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text).sensors["microphone"].decode(Options)
    return caught.value


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, "")
    assert config.daemon.log_level == "info"
    assert (config.inference.threads, config.inference.nice) == (0, 10)
    assert 1 <= config.inference.thread_count <= 4
    assert config.sensors == {}


def test_every_type_of_value_is_decoded(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """
        [sensors.microphone]
        enabled = false
        device = "HD webcam"
        gain = 2
        channels = 2
        mode = "exclusive"
        fast = true
        file = "speech.wav"
        cores = [0,
          7]
        [sensors.microphone.gains]
        "left ear" = 1
        right = 0.5
        [senses.gesture]
        """,
    )
    microphone = config.sensors["microphone"]
    assert not microphone.enabled
    options = microphone.decode(Options)
    assert options == Options(
        "HD webcam", 2.0, 2, "exclusive", True, tmp_path / "speech.wav", (0, 7),
        {"left ear": 1.0, "right": 0.5},
    )
    assert isinstance(options.gains["left ear"], float)
    assert isinstance(options.gain, float)
    assert config.senses["gesture"].enabled
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize(
    ("text", "line", "key", "allowed"),
    [
        ("[sensors.microphone]\n\ngian = 1", 3, "sensors.microphone.gian", "did you mean gain?"),
        ("[sensors.microphone]\ngain = 4.5", 2, "sensors.microphone.gain", "a number, 0.0 to 4.0"),
        ("[sensors.microphone]\ngain = nan", 2, "sensors.microphone.gain", "0.0 to 4.0"),
        ("[sensors.microphone]\ngain = true", 2, "gain: true is of the wrong type", "a number"),
        ("[sensors.microphone]\nchannels = true", 2, "channels", "a whole number, at least 1"),
        ("[sensors.microphone]\nchannels = 1.0", 2, "channels: 1.0", "a whole number"),
        ("[sensors.microphone]\nchannels = 0", 2, "channels: 0", "at least 1"),
        ("[sensors.microphone]\nfast = 1", 2, "fast: 1", "true or false"),
        ("[sensors.microphone]\ndevice = 1", 2, "device: 1", "text in quotes"),
        ("[sensors.microphone]\nfile = 1", 2, "file: 1", "a path in quotes"),
        ('[sensors.microphone]\nmode = "x"', 2, "mode", 'one of "shared", "exclusive"'),
        ("[sensors.microphone]\ncores = 3", 2, "cores: 3 is not a list", "whole numbers, 0 to 7"),
        ("[sensors.microphone]\ncores = [\n1,\n9]", 2, "cores: 9", "0 to 7"),
        ("[sensors.microphone]\ngains = 3", 2, "gains: 3 is not a table",
         "write [sensors.microphone.gains] and below it NAME = a number, 0.0 to 4.0"),
        ("[sensors.microphone.gains]\nleft = 1\nright = 9", 3, "gains.right: 9.0", "0.0 to 4.0"),
        ('[sensors.microphone.gains]\n"left.ear" = "x"', 2, 'gains.left.ear: "x"', "a number"),
        ("sensors.microphone.gain = 9", 1, "sensors.microphone.gain", "0.0 to 4.0"),
        ("[sensors]\n\nmicrophone = { gain = 9 }", 3, "sensors.microphone.gain", "0.0 to 4.0"),
        ("[sensors]\nmicrophone.gain = 9", 2, "sensors.microphone.gain", "0.0 to 4.0"),
        ('["sensors".microphone] # [x]\n"gain" = 9', 2, "sensors.microphone.gain", "0.0 to 4.0"),
        ("\n[sensors.microphone]\nfast = true\nchannels = 3", 2, "fast is for at most two", ""),
        ("[sensors.microphone]\nenabled = 1", 2, "sensors.microphone.enabled", "true or false"),
        ("[daemon]\n[sensors.mircophone]", 2, "sensors.mircophone", "did you mean microphone?"),
        ("[senses.gestures]", 1, "senses.gestures", "did you mean gesture?"),
        ("[inferense]\nnice = 1", 1, "inferense", "did you mean inference?"),
        ("\n[inference]\nnice = 20", 3, "inference.nice", "0 to 19"),
        ("daemon = 3", 1, "daemon: must be a table", "[daemon]"),
        ('[governor.apps]\n\n"game.exe" = "x"', 3, "governor.apps.game.exe", '"frames", "pause"'),
        ("[governor.priority]\ngestures = 1", 2, "priority.gestures", "did you mean gesture?"),
        ("[governor.priority]\ngesture = 101", 2, "priority.gesture: 101", "0 to 100"),
        ("[governor]\nlongest_ms = { gesture = 9 }", 2, "longest_ms.gesture: 9", "10 to 30000"),
        ('[governor.smaller]\n\ngestures = "x"', 3, "smaller.gestures", "did you mean gesture?"),
        ("[governor.smaller]\ngesture = 3", 2, "governor.smaller.gesture: 3", "text in quotes"),
        ("[governor]\npriority = 3", 2, "governor.priority: 3 is not a table",
         "[governor.priority]"),
        ("[sensors]\nmicrophone = 1", 2, "sensors.microphone: must be a table", "microphone]"),
        ('[daemon]\nlog_level = "loud"', 2, "daemon.log_level", '"warning"'),
    ],
)
def test_an_error_names_file_line_key_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, key: str, allowed: str
) -> None:
    error = refused(tmp_path, text)
    assert error.message.startswith(f"{tmp_path / 'given.toml'}, line {line}: ")
    assert key in error.message
    assert allowed in error.remedy


def test_a_key_inside_a_text_of_many_lines_is_not_taken_for_the_key(tmp_path: Path) -> None:
    text = '[sensors.microphone]\ndevice = """\ngain = 1\n[sensors.openxr]\n"""\ngain = 9'
    assert ", line 6: sensors.microphone.gain" in refused(tmp_path, text).message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[daemon]\nlog_level = \n", "line 2, column 13"),
        ('[daemon]\na = "', "line 2"),
        ("\n[", "line 2"),
    ],
)
def test_a_syntax_error_names_its_line(tmp_path: Path, text: str, place: str) -> None:
    error = refused(tmp_path, text)
    assert f"{place}: not TOML" in error.message


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    config = loaded(tmp_path, "\n[sensors.microphone]\n")
    with pytest.raises(ConfigError, match=r"line 2: sensors\.microphone: the key file is missing"):
        config.sensors["microphone"].decode(Required)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read"):
        load(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b"[daemon]\n# caf\xe9\n")
    with pytest.raises(ConfigError, match="line 2: not UTF-8"):
        load(tmp_path / "latin.toml")
    (tmp_path / "huge.toml").write_bytes(b"#" * 2_000_000)
    with pytest.raises(ConfigError, match="larger than"):
        load(tmp_path / "huge.toml")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000)
    with pytest.raises(ConfigError, match="nested too deeply"):
        load(tmp_path / "deep.toml")


def test_a_configuration_is_found_by_path_or_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_CONFIG_DIR", str(tmp_path))
    assert find().name == "default.toml"
    (tmp_path / "sensorium.toml").write_text("")
    assert find() == tmp_path / "sensorium.toml"
    assert find(str(tmp_path / "sensorium.toml")) == tmp_path / "sensorium.toml"
    with pytest.raises(ConfigError, match=r"absent\.toml: there is no such"):
        find(str(tmp_path / "absent.toml"))


def overridden(folder: Path, text: str, overrides: dict[str, object]) -> Config:
    path = folder / "given.toml"
    path.write_text(text)
    return load(path, sensors=("microphone",), senses=(), overrides=overrides)


def test_an_override_takes_the_place_of_the_files_value(tmp_path: Path) -> None:
    config = overridden(
        tmp_path,
        "[sensors.microphone]\ngain = 1.0\n",
        {"sensors.microphone.gain": 2, "inference.nice": 3},
    )
    assert config.sensors["microphone"].decode(Options).gain == 2.0
    assert config.inference.nice == 3


def test_an_error_in_an_override_names_it_and_not_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="^--set inference.nice: 99 is not allowed"):
        overridden(tmp_path, "[inference]\nthreads = 1\n", {"inference.nice": 99})
    with pytest.raises(ConfigError, match="^--set sensors.horn: there is no such sensor"):
        overridden(tmp_path, "", {"sensors.horn.gain": 1})
    with pytest.raises(ConfigError, match="given.toml, line 2: inference.threads"):
        overridden(tmp_path, "[inference]\nthreads = -1\n", {"inference.nice": 9})
    with pytest.raises(ConfigError, match="inference.nice: there is no such key|is not a table"):
        overridden(tmp_path, "[inference]\nnice = 1\n", {"inference.nice.x": 9})


def test_the_line_of_a_key_behind_a_long_list_is_known(tmp_path: Path) -> None:
    rows = "".join(f'  "text {number}",\n' for number in range(5000))
    path = tmp_path / "long.toml"
    path.write_text(f"first = [\n{rows}]\nsecond = [1,\n 2]\nthird = 3 # one, two,\nfourth = 4\n")
    source = Source.read(path)
    source.parse()
    places = [source.line((name,)) for name in ("first", "second", "third", "fourth")]
    assert places == [1, 5003, 5005, 5006]
