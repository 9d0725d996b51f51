"""An engine is made anew when anything that decides it changes, and only then."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from sensorium import folders
from sensorium.inference import card as cards
from sensorium_tools import keys
from sensorium_tools.code import code, code_of, reached

if TYPE_CHECKING:
    from pathlib import Path

ROOM = folders.data_room("engines")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped gesture recogniser, where its user changed it."""
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    made = tmp_path / "engines" / "gesture-recognizer"
    shutil.copytree(ROOM / "gesture-recognizer", made)
    return made


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "card.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "is_another_engine"),
    [
        ('scheme = "static"', 'scheme = "static"\ncalibrator = "entropy"', False),
        ('sets = ["hands"]', 'sets = ["hands"]\nevaluation_samples = 700', False),
        ("[memory]", "[gates]\nmin_speedup = 1.2\n\n[memory]", False),
        ("peak_mib = 64", "peak_mib = 65", False),
        ('compute = ["8.6"', 'compute = ["8.0", "8.6"', False),
        ('licence = "Apache-2.0"', 'licence = "MIT"', False),
        ('"Closed_Fist"', '"Fist"', True),
    ],
)
def test_what_decides_is_in_the_key(
    folder: Path, old: str, new: str, is_another_engine: bool
) -> None:
    before = cards.read(folder)
    change(folder, old, new)
    after = cards.read(folder)
    assert keys.engine(after) != keys.engine(before)
    # What the daemon asks for: a built engine serves on while its recipe is edited.
    assert (after.identity != before.identity) == is_another_engine


def test_what_only_a_person_reads_is_not(folder: Path) -> None:
    before = keys.engine(cards.read(folder))
    change(folder, 'title = "', 'title = "The ')
    assert keys.engine(cards.read(folder)) == before


def test_a_changed_notice_is(folder: Path) -> None:
    before = keys.engine(cards.read(folder))
    (folder / "NOTICE").write_text("another")
    assert keys.engine(cards.read(folder)) != before


def test_what_was_not_judged_has_another_key(folder: Path) -> None:
    card = cards.read(folder)
    assert keys.engine(card, judged=False) != keys.engine(card)


def test_another_half_of_whisper_makes_both_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    encoder = cards.read(ROOM / "whisper-tiny-en-encoder")
    before = keys.engine(encoder)
    other = tmp_path / "engines" / "whisper-tiny-en-decoder"
    shutil.copytree(ROOM / "whisper-tiny-en-decoder", other)
    assert keys.engine(encoder) == before
    digest = cards.read(other).weights[0].sha256
    path = other / "card.toml"
    path.write_text(path.read_text().replace(digest, "0" * 64))
    assert keys.engine(encoder) != before


def test_the_code_that_decides_is_in_the_key() -> None:
    whisper, transcription = (
        "sensorium_tools.convert.whisper", "sensorium_tools.evaluate.transcription"
    )
    assert len({code(), code(whisper), code(transcription), code_of(whisper)}) == 4
    used = {path.stem for path in reached(whisper, transcription)}
    # What is imported by what is imported, but nothing that only types are taken from.
    assert {"whisper", "whisper_decoder", "whisper_features", "word_errors"} <= used
    assert used.isdisjoint({"gesture", "darknet", "sense", "speech"})
