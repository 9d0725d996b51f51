"""What is sent to an avatar: values that it can hold, and only those that have changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from sensorium import config
from sensorium.bridges.bridge import BRIDGES
from sensorium.bridges.listening import warn_of
from sensorium.bridges.osc.parameter import Outbox, Parameter
from sensorium.bridges.osc.probe import osc_port
from sensorium.bridges.osc.tree import find, tree
from sensorium.bridges.unified_expressions import eyes
from sensorium.bridges.vrchat import emotion, hands, head, voice
from sensorium.errors import ConfigError
from sensorium.process import registry
from sensorium.supervisor import check_names
from sensorium.supervisor.plan import bridge_classes, plan

if TYPE_CHECKING:
    from pathlib import Path

SURE = Parameter("sure", 0.0, "")
COUNT = Parameter("count", 0, "")
TRUTH = Parameter("truth", False, "", "emotion")
DOCUMENTED = {
    "EyeTrackingActive", "v2/EyeLeftX", "v2/EyeLeftY", "v2/EyeRightX", "v2/EyeRightY", "v2/EyeX",
    "v2/EyeY", "v2/EyeLidLeft", "v2/EyeLidRight", "v2/EyeLid",
}
"""Of docs.vrcft.io, "VRCFaceTracking parameters"."""


@pytest.mark.parametrize(("parameter", "value", "fitted"), [
    (SURE, 0.5, 0.5), (SURE, 7.0, 1.0), (SURE, -7.0, -1.0), (SURE, math.nan, 0.0),
    (SURE, math.inf, 0.0), (SURE, None, 0.0), (SURE, 0.5001, 0.5), (COUNT, 3, 3),
    (COUNT, 999, 255), (COUNT, -1, 0), (COUNT, None, 0), (TRUTH, 1, True), (TRUTH, None, False),
])
def test_a_value_fits_its_parameter(parameter: Parameter, value: object, fitted: object) -> None:
    found = parameter.fitted(value)
    assert found == fitted
    assert type(found) is type(parameter.neutral)


def test_only_changes_are_sent_and_what_is_not_told_is_neutral() -> None:
    outbox = Outbox((SURE, COUNT, TRUTH))
    assert [(one.name, value) for one, value in outbox.take()] == [
        ("sure", 0.0), ("count", 0), ("truth", False)
    ]
    outbox.set({"sure": 0.25, "unknown": 1})
    assert [one.name for one, _ in outbox.take()] == ["sure"]
    outbox.set({"sure": 0.2501})
    assert outbox.take() == []
    outbox.set({})
    assert outbox.take() == [(SURE, 0.0)]
    outbox.forget()
    assert len(outbox.take()) == 3


def test_the_tree_shows_what_every_program_may_read_and_no_more() -> None:
    outbox = Outbox((Parameter("Sensorium/A", 0, ""), Parameter("Sensorium/B", 0, "", "emotion")))
    root = tree(outbox)
    assert find(root, "/avatar/parameters/Sensorium/A")["VALUE"] == [0]
    assert find(root, "/avatar/parameters/Sensorium/B") is None
    assert find(root, "/") is root


def test_no_two_parameters_have_one_address_and_none_lies_within_another() -> None:
    every = [
        *hands.parameters(), *head.parameters(), *voice.parameters(), *voice.viseme_parameters(),
        *emotion.parameters(), *eyes.parameters(),
    ]
    addresses = [one.address for one in every]
    assert len(set(addresses)) == len(addresses)
    assert not any(one.startswith(f"{other}/") for one in addresses for other in addresses)
    assert {one.name for one in eyes.parameters()} == DOCUMENTED


@pytest.mark.parametrize(("info", "port"), [
    ({"OSC_IP": "127.0.0.1", "OSC_PORT": 9001}, 9001), ({"OSC_PORT": 9001}, 9001),
    ({"OSC_IP": "10.0.0.9", "OSC_PORT": 9001}, None), ({"OSC_PORT": 0}, None),
    ({"OSC_PORT": True}, None), ({"OSC_PORT": "9001"}, None), ([], None), (None, None),
])
def test_only_a_port_of_the_host_that_is_meant_is_believed(info: object, port: int | None) -> None:
    assert osc_port(info, "127.0.0.1") == port


def test_a_look_behind_the_head_is_none() -> None:
    ahead = (0.0, 0.0, 0.0, 1.0)
    assert eyes.place((0.0, 0.0, -1.0), ahead) == (0.0, 0.0)
    assert eyes.place((0.0, 0.0, 1.0), ahead) is None
    assert eyes.place((math.nan, 0.0, -1.0), ahead) is None


def test_another_interface_than_loopback_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    warn_of("wyoming", "127.0.0.1")
    assert not caplog.records
    warn_of("wyoming", "192.168.0.2")
    assert "no authentication" in caplog.text


def load(folder: Path, text: str) -> config.Config:
    path = folder / "sensorium.toml"
    path.write_text(text)
    return config.load(path, bridges=BRIDGES)


def test_a_bridge_is_planned_when_it_is_enabled_and_then_its_keys_are_its_grant(
    tmp_path: Path
) -> None:
    off = load(tmp_path, "[senses.head]\n[bridges.vrchat]\nenabled = false\n")
    assert "bridges" not in [one.kind for one in plan(off)]
    on = load(tmp_path, "[bridges.vrchat]\nchatbox = true\n[bridges.wyoming]\n")
    (orders,) = plan(on)
    assert (orders.kind, list(orders.bridges), orders.regions) == (
        "bridges", ["vrchat", "wyoming"], ("public",)
    )
    assert [part.name for part in type(orders).read(orders.message()).bridge_parts()] == [
        "vrchat", "wyoming"
    ]
    assert bridge_classes(on) == {"sensorium-vrchat": {"transcript"}}
    assert registry.bridges(off) == ()


@pytest.mark.parametrize(("text", "said"), [
    ("[bridges.vrc]\n", "did you mean vrchat"),
    ("[bridges.vrchat]\nlisten = \"here\"\n", "no IPv4 address"),
    ("[bridges.vrchat]\nhost = \"192.168.0.2\"\n", "listen"),
    ("[bridges.vrchat]\nlisten = \"0.0.0.0\"\n", "one address"),
    ("[bridges.vrchat]\nport = 0\n", "1 to 65535"),
    ("[bridges.wyoming]\nmodel = \"huge\"\n", "tiny.en"),
    ("[bridges.wyoming]\nwake_words = [\"a\", \"a\"]\n", "each once"),
    ("[daemon]\nworkplace_or_education = true\n[bridges.vrchat]\nemotion = true\n",
     "workplace_or_education = true forbids"),
])
def test_wrong_keys_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"line \d: bridges") as caught:
        check_names(load(tmp_path, text))
    assert said in str(caught.value)
