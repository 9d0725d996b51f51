"""Doctor on a real OpenXR runtime and a real sound server: data arrives, and where it does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import pulse
from fixtures.daemon import Daemon
from fixtures.monado import MonadoService
from fixtures.pulse import PulseServer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system

CONFIG = """
[sensors.openxr]
[sensors.microphone]
device = "pulse"
[sensors.output_sound]
"""


@pytest.fixture(scope="module")
def devices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MonadoService, Daemon]]:
    pulse.require()
    folder = tmp_path_factory.mktemp("doctor")
    service = MonadoService(folder / "m")
    with PulseServer() as sound:
        service.start()
        environment = sound.environment | service.environment
        try:
            with (
                service.connect(),
                Daemon(
                    folder, CONFIG, environment=environment, python=service.python
                ) as daemon,
            ):
                yield service, daemon
        finally:
            service.stop()


def findings(daemon: Daemon) -> tuple[dict[str, dict[str, Any]], int]:
    done = daemon.command("doctor", "--json")
    listed = json.loads(done.stdout)["findings"]
    return {finding["topic"]: finding for finding in listed}, done.returncode


def test_a_headset_and_a_microphone_are_named_and_their_data_arrives(
    devices: tuple[MonadoService, Daemon],
) -> None:
    _, daemon = devices
    assert daemon.command("grants", "allow", "sensorium-cli", "motion").returncode == 0
    found, code = findings(daemon)
    assert found["openxr"]["verdict"] == "ok"
    assert "Monado" in found["openxr"]["detail"]
    assert found["headset"]["verdict"] == "ok"
    assert found["microphone"]["verdict"] == "ok"
    assert found["output sound"]["detail"] == "@DEFAULT_MONITOR@ can be captured"
    assert found["channel head"]["verdict"] == "ok"
    assert "looks" in found["channel head"]["detail"]
    assert (code, [f for f in found.values() if f["verdict"] == "missing"]) == (0, [])


def test_a_runtime_that_died_is_found_by_what_no_longer_arrives(
    devices: tuple[MonadoService, Daemon],
) -> None:
    service, daemon = devices
    service.kill()
    found, code = findings(daemon)
    assert found["openxr"]["verdict"] == "missing"
    assert found["openxr"]["remedy"]
    assert found["channel head"]["verdict"] == "missing"
    assert found["daemon"]["verdict"] == "ok"
    assert code == 1
