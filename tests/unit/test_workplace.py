"""Where emotions must not be estimated, no such sense starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensorium import config
from sensorium.errors import ConfigError
from sensorium.perception.sense import SENSES

if TYPE_CHECKING:
    from pathlib import Path

EMOTION = [name for name in SENSES if "emotion" in name]


def load(folder: Path, text: str, **overrides: object):
    path = folder / "sensorium.toml"
    path.write_text(text)
    return config.load(path, senses=SENSES, overrides=overrides)


@pytest.mark.parametrize("name", EMOTION)
def test_a_sense_of_emotion_is_refused_at_work_with_law_and_remedy(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f"[daemon]\nworkplace_or_education = true\n[senses.{name}]\n")
    assert f"line 3: senses.{name}" in caught.value.message
    assert "2024/1689" in caught.value.message
    assert "Art. 5(1)(f)" in caught.value.message
    assert f"enabled = false in [senses.{name}]" in caught.value.remedy


def test_an_override_is_refused_like_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Art. 5"):
        load(tmp_path, "[senses.voice_emotion]\n", **{"daemon.workplace_or_education": True})


@pytest.mark.parametrize("text", [
    "[senses.voice_emotion]\n",
    "[daemon]\nworkplace_or_education = false\n[senses.voice_emotion]\n",
    "[daemon]\nworkplace_or_education = true\n[senses.voice_emotion]\nenabled = false\n",
    "[daemon]\nworkplace_or_education = true\n[senses.voice_measures]\n[senses.speaker]\n",
])
def test_elsewhere_and_for_other_senses_nothing_is_refused(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).senses


@pytest.mark.parametrize("name", ["default", "mic_only", "replay"])
def test_it_is_in_no_shipped_configuration(name: str) -> None:
    shipped = config.load(config.find(name), senses=SENSES)
    assert not any(shipped.senses[each].enabled for each in EMOTION if each in shipped.senses)
