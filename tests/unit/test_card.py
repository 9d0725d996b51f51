from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest

from sensorium import folders
from sensorium.errors import CardError
from sensorium.inference import card as cards
from sensorium.inference import store
from sensorium_tools.fetch import downloads
from sensorium_tools.sources import upstream_path

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = folders.data_room("engines")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "silero-vad"
    made.mkdir()
    (made / "card.toml").write_text((SHIPPED / "silero-vad" / "card.toml").read_text())
    return made


def changed(folder: Path, old: str, new: str) -> CardError:
    path = folder / "card.toml"
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CardError) as caught:
        cards.read(folder)
    return caught.value


def test_cards_are_found_while_folders_come_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    room = tmp_path / "engines"
    shipped = (SHIPPED / "silero-vad" / "card.toml").read_text()
    # The first is what a training leaves that was killed; the second hides the shipped one.
    for name, text in ((".silero-vad.1.old", shipped), ("minilm", "broken ["), ("mine", "")):
        (room / name).mkdir(parents=True)
        (room / name / "card.toml").write_text(text)
    mine = room / "mine" / "card.toml"
    ended = threading.Event()

    def come_and_go() -> None:
        while not ended.is_set():
            mine.write_text(shipped.replace("silero-vad", "mine"))
            mine.unlink()

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(50):
            assert store.readable().keys() - {"mine"} == set(store.names()) - {"mine", "minilm"}
    finally:
        ended.set()
        other.join()
    assert not any(name.startswith(".") for name in store.names())
    for title in ("One", "Another"):
        mine.write_text(re.sub('title = ".*"', f'title = "{title}"', shipped.replace(
            "silero-vad", "mine")))
        assert store.readable()["mine"].engine.title == title


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/card.toml")), ids=lambda p: p.parent.name)
def test_every_shipped_card_reads_and_brings_its_notice(path: Path) -> None:
    card = cards.read(path.parent)
    assert (path.parent / card.upstream.notice).stat().st_size > 500
    if not card.engine.opt_in:
        assert card.upstream.licence in ("MIT", "Apache-2.0", "BSD-3-Clause")
    for source in card.sources:
        if source.kind == "package":
            assert source.file.startswith(source.package.replace("-", "_"))
            assert source.version in source.file


@pytest.mark.parametrize(
    ("old", "new", "key", "allowed"),
    [
        ('title = "', 'titel = "', "engine.titel", "did you mean title?"),
        ('backend = "onnxruntime"', 'backend = "tensorflow"', "engine.backend", '"onnxruntime"'),
        ('converter = "onnx"', 'converter = "coreml"', "conversion.converter", '"tflite"'),
        ('precision = ["fp32"]', 'precision = ["int4"]', "targets.0.precision", '"int8"'),
        ('kind = "package"', 'kind = "file"', "sources.0.package", ""),
        ('kind = "package"', 'kind = "torrent"', "sources.0.kind", '"upstream"'),
        ('scheme = "none"', 'scheme = "int8"', "quantisation.scheme", '"dynamic"'),
        ('task = "voice-activity"', 'task = "voices"', "evaluation.task", '"voice-activity"'),
        ("peak_mib = 64", "peak_mib = 0", "memory.peak_mib", "1 to"),
        ("shape = [1, 576]", 'shape = [1, "samples"]', "inputs.0.shape", "[[axes]]"),
        ("shape = [1, 576]", "shape = [1, 1.5]", "inputs.0.shape", "whole numbers or texts"),
        ('paths = ["silero', 'paths = ["more", "silero', "sources.0.paths", ""),
        ("compute = [", 'computes = [', "targets.1.computes", "did you mean compute?"),
        ("sample_rate_hz = 16000", 'sample_rate_hz = "16k"', "engine.sample_rate_hz", "whole"),
        ("shape = [1, 576]", "shape = [0, 576]", "inputs.0.shape", "1 to"),
        ('version = "6.2.3"\n', "", "sources.0", ""),
        ('sha256 = "7b7f', 'sha256 = "XYZ', "sources.0.sha256", "64 hex digits"),
        ('file = "', 'file = "../', "sources.0.file", ""),
        ("[upstream]", "[downstream]", "downstream", "upstream"),
        ('name = "silero-vad"', 'name = "other"', "engine.name", "silero-vad"),
    ],
)
def test_a_wrong_key_is_named_with_file_line_and_remedy(
    folder: Path, old: str, new: str, key: str, allowed: str
) -> None:
    error = changed(folder, old, new)
    assert str(folder / "card.toml") in error.message
    line = re.search(r"line (\d+)", error.message)
    assert line is not None
    text = (folder / "card.toml").read_text().splitlines()
    named = text[int(line.group(1)) - 1]
    assert key in error.message
    assert key.rpartition(".")[2] in named or named.startswith("[")
    if key != "sources.0":
        assert allowed in error.remedy


@pytest.mark.parametrize(
    "name",
    ["../../evil", "/etc/evil", "a/b", "a\\\\b", "C:evil", "..", ".", "", "a\\nb", "a\\u0000b",
     "n" * 129, "\u00e9" * 65],
)
def test_a_weights_name_that_is_not_a_plain_file_name_is_refused(folder: Path, name: str) -> None:
    error = changed(folder, '"silero_vad_openvino_16k.onnx"', f'"{name}"')
    assert "weights.0.name" in error.message
    assert "is not a plain file name" in error.message
    assert "without a slash" in error.remedy


def test_a_notice_lies_beside_its_card(folder: Path) -> None:
    assert "upstream.notice" in changed(folder, '"NOTICE"', '".."').message


def test_a_download_lies_among_the_downloads_whatever_its_card_says(folder: Path) -> None:
    weight = cards.read(folder).weights[0]
    path = upstream_path(weight)
    assert path.parent == downloads()
    assert path.name == f"{weight.sha256}-{weight.name}"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('kind = "package"', 'kind = "package"\ncontinues = true', "sources.0.continues"),
        ("[[weights]]", '[[sources]]\nkind = "file"\npaths = ["a"]\ncontinues = true\n[[weights]]',
         "sources.1.continues"),
        ('paths = ["silero_vad/data/silero_vad_openvino_16k.onnx"]', 'paths = [""]',
         "sources.0.paths"),
    ],
)  # fmt: skip
def test_only_a_package_continues_a_package(folder: Path, old: str, new: str, key: str) -> None:
    assert key in changed(folder, old, new).message


def test_a_missing_table_is_named(folder: Path) -> None:
    path = folder / "card.toml"
    path.write_text(path.read_text().partition("[[weights]]")[0])
    with pytest.raises(CardError, match="weights: the table is missing"):
        cards.read(folder)


def test_text_that_is_not_toml_is_refused_with_its_line(folder: Path) -> None:
    error = changed(folder, "[conversion]", "[conversion")
    assert "not TOML" in error.message
    assert "line" in error.message


def test_the_identity_follows_what_is_built_and_nothing_else(folder: Path) -> None:
    before = cards.read(folder).identity
    path = folder / "card.toml"
    path.write_text(path.read_text().replace('title = "', 'title = "Another: '))
    assert cards.read(folder).identity == before
    path.write_text(path.read_text().replace("shape = [1, 576]", "shape = [1, 512]"))
    assert cards.read(folder).identity != before


def test_the_users_own_card_wins(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    own = tmp_path / "data" / "engines" / "silero-vad"
    own.parent.mkdir(parents=True)
    folder.rename(own)
    assert store.find_card("silero-vad").folder == own
    assert store.find_card("gesture-recognizer").folder.parent == SHIPPED
    assert "silero-vad" in store.names()
    assert len(store.names()) == len(set(store.names())) == len(list(SHIPPED.glob("*/card.toml")))


@pytest.mark.parametrize("name", ["nothing-there", "../silero-vad", "", "Silero"])
def test_an_unknown_card_is_refused_and_the_known_are_listed(name: str) -> None:
    with pytest.raises(CardError) as caught:
        store.find_card(name)
    assert "silero-vad" in caught.value.remedy


def test_only_a_file_of_the_users_may_go_without_a_sha256(folder: Path) -> None:
    found = changed(folder, '[[weights]]\nname = "silero_vad_openvino_16k.onnx"\nsha256 = "',
                    '[[weights]]\nsha256 = "" # "')
    assert "weights.0.sha256" in found.message
    assert not cards.read(SHIPPED / "voice-emotion").weights[0].sha256
