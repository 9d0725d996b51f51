"""The daemon's engines: built, loaded and run as the daemon does, and every way to fail."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from fixtures import engines

from sensorium import folders
from sensorium.errors import CardError, EngineError, EngineMissing, HashError
from sensorium.health import Device
from sensorium.inference import store
from sensorium.inference.manifest import FILE_NAME, read
from sensorium.inference.onnxruntime_engine import PRECISIONS
from sensorium_tools import fetch
from sensorium_tools.build import build
from sensorium_tools.convert import converter
from sensorium_tools.progress import Progress

NAMES = engines.DAEMON
ANY = "gesture-recognizer"
"""Built in no time: where any engine serves."""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty folders of the user's, with the downloads and samples that are already there."""
    archives = tmp_path / "cache" / "downloads"
    archives.mkdir(parents=True)
    for name in NAMES:
        (archives / engines.archive(name).name).symlink_to(engines.archive(name))
    samples = folders.cache_dir() / "samples"
    samples.mkdir(parents=True, exist_ok=True)
    (tmp_path / "cache" / "samples").symlink_to(samples)
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture(scope="module")
def of_user() -> Path:
    """The folder of `ANY` among the user's own engines."""
    engines.ensure_built(ANY)
    return store.built_folder(ANY)


@pytest.fixture
def built(of_user: Path, own: Path) -> Path:
    """The folder of `ANY`, built, in the empty folders."""
    return Path(shutil.copytree(of_user, store.built_folder(ANY)))


def own_card(own: Path, name: str, old: str, new: str) -> Path:
    """A copy of a shipped card in the user's folder, with one change."""
    folder = own / "data" / "engines" / name
    shutil.copytree(folders.data_room("engines") / name, folder)
    card = folder / "card.toml"
    text = card.read_text()
    assert old in text
    card.write_text(text.replace(old, new, 1))
    return card


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_has_what_its_card_says(name: str) -> None:
    card = store.find_card(name)
    engine = engines.load(name)
    manifest = engines.ensure_built(name)
    assert (engine.name, engine.device) == (name, Device.CPU)
    assert engine.precision == PRECISIONS[manifest.precision]
    assert engine.labels == card.engine.labels
    assert engine.file_hash == int(manifest.sha256[:8], 16)
    noise = np.random.default_rng(3)
    feeds = {port.name: noise.random(port.shape).astype(port.type) for port in card.inputs}
    first = {name: values.copy() for name, values in engine.run(feeds).items()}
    assert list(first) == [port.name for port in card.outputs]
    for port in card.outputs:
        assert first[port.name].shape == port.shape
        assert np.isfinite(first[port.name]).all()
    for name_, values in engine.run(feeds).items():
        np.testing.assert_array_equal(values, first[name_])
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run(feeds)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_feeds_are_refused(name: str) -> None:
    card = store.find_card(name)
    engine = engines.load(name)
    right = {port.name: np.zeros(port.shape, port.type) for port in card.inputs}
    port = card.inputs[0]
    for wrong in (
        {},
        {**right, "more": np.zeros(1, np.float32)},
        {**right, port.name: np.zeros(port.shape, np.float64)},
        {**right, port.name: np.zeros((*port.shape, 1), np.float32)},
        {**right, port.name: np.zeros(port.shape[1:], np.float32)},
    ):
        with pytest.raises(EngineError, match=name):
            engine.run(wrong)
    engine.run(right)
    engine.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_weights_give_the_same_bytes(name: str) -> None:
    card = store.find_card(name)
    convert = converter(card.conversion.converter)
    assert convert(card, engines.weights(name)) == convert(card, engines.weights(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_engine_names_the_command_and_appears_when_built(own: Path, name: str) -> None:
    with pytest.raises(EngineMissing) as caught:
        store.load(name)
    assert caught.value.remedy == f"sensorium-engines build {name}"
    assert store.stamp(name) is None
    build(store.find_card(name), Progress())
    assert store.stamp(name) is not None
    store.load(name).close()
    before = store.stamp(name)
    build(store.find_card(name), Progress())
    assert store.stamp(name) == before
    # A plan and its manifest lie beside them where TensorRT's builder is installed.
    notice, manifest, lock, model, report = sorted(
        path.name for path in store.built_folder(name).iterdir() if "rtx" not in path.name
    )
    assert (notice, manifest, lock, report) == ("NOTICE", "engine.json", "lock", "report.json")
    assert model.startswith("model-")
    assert model.endswith(".onnx")


def test_two_of_one_file_share_its_weights_and_nothing_else(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, real = [], onnxruntime.InferenceSession

    def counted(*arguments: object, **more: object) -> object:
        opened.append(arguments[0])
        return real(*arguments, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", counted)
    one, two = store.load(ANY), store.load(ANY)
    manifest = read(built / FILE_NAME, "")
    assert opened == [str(built / manifest.file)]
    noise = np.random.default_rng(0)
    mine, others = (
        {tensor.name: noise.random(tensor.shape).astype(tensor.type) for tensor in manifest.inputs}
        for _ in range(2)
    )
    first = one.run(mine)
    kept = {name: array.copy() for name, array in first.items()}
    second = {name: array.copy() for name, array in two.run(others).items()}
    for name, array in kept.items():
        np.testing.assert_array_equal(first[name], array)
    one.close()
    for name, array in two.run(others).items():
        np.testing.assert_array_equal(array, second[name])
    two.close()
    store.load(ANY).close()
    assert len(opened) == 2


def test_a_changed_engine_file_is_refused_and_built_anew(built: Path) -> None:
    file = built / read(built / "engine.json", "").file
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(HashError) as caught:
        store.load(ANY)
    assert str(file) in caught.value.message
    assert caught.value.remedy == f"sensorium-engines build {ANY}"
    build(store.find_card(ANY), Progress())
    store.load(ANY).close()


def test_an_engine_of_an_older_card_counts_as_missing(own: Path, built: Path) -> None:
    own_card(own, ANY, '"Closed_Fist"', '"Fist"')
    with pytest.raises(EngineMissing, match="another version of its card"):
        store.load(ANY)
    build(store.find_card(ANY), Progress())
    assert store.load(ANY).labels[1] == "Fist"


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"name": 1}', b"\xff\xfe", b"[" * 5000],
    ids=["empty", "cut", "list", "lacking", "not text", "deep"],
)
def test_a_damaged_manifest_is_refused(built: Path, damage: bytes) -> None:
    (built / "engine.json").write_bytes(damage)
    with pytest.raises(EngineError, match="damaged") as caught:
        store.load(ANY)
    assert caught.value.remedy == f"sensorium-engines build {ANY}"


def test_a_manifest_of_an_unknown_backend_is_refused(built: Path) -> None:
    path = built / "engine.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "backend": "quantum"}))
    with pytest.raises(CardError, match="quantum"):
        store.load(ANY)


def test_a_card_of_an_unknown_backend_is_refused_with_its_line(own: Path) -> None:
    card = own_card(own, "silero-vad", 'backend = "onnxruntime"', 'backend = "quantum"')
    line = card.read_text().splitlines().index('backend = "quantum"') + 1
    with pytest.raises(CardError) as caught:
        store.load("silero-vad")
    assert f"{card}, line {line}: engine.backend" in caught.value.message
    assert "onnxruntime" in caught.value.remedy


def test_a_weight_of_another_hash_is_refused(own: Path) -> None:
    pinned = store.find_card("silero-vad").weights[0].sha256
    own_card(own, "silero-vad", pinned, "0" * 64)
    with pytest.raises(HashError) as caught:
        build(store.find_card("silero-vad"), Progress())
    assert pinned in caught.value.message
    assert not store.built_folder("silero-vad").exists()


def test_the_combined_graph_with_control_flow_is_refused(own: Path) -> None:
    card = store.find_card("silero-vad")
    with zipfile.ZipFile(engines.archive("silero-vad")) as archive:
        combined = archive.read("silero_vad/data/silero_vad_16k_op15.onnx")
    with pytest.raises(EngineError, match="operator If"):
        converter("onnx")(card, [combined])


@pytest.mark.parametrize("keep", [0, 7, 100, 5000, 600_000])
def test_a_truncated_weight_is_refused(keep: int) -> None:
    card = store.find_card("silero-vad")
    with pytest.raises(EngineError, match="not an ONNX model"):
        converter("onnx")(card, [engines.weights("silero-vad")[0][:keep]])
    gestures = store.find_card("gesture-recognizer")
    embedder, head = engines.weights("gesture-recognizer")
    with pytest.raises(EngineError, match="TFLite"):
        converter("tflite")(gestures, [embedder[:keep], head])


def test_a_wheel_that_is_no_zip_is_refused(own: Path) -> None:
    wheel = fetch.downloads() / store.find_card("silero-vad").sources[0].file
    wheel.unlink()
    wheel.write_bytes(b"not a zip" * 1000)
    pinned = store.find_card("silero-vad").sources[0].sha256
    own_card(own, "silero-vad", pinned, store.sha256(wheel))
    with pytest.raises(EngineError, match="not a zip or tar file"):
        build(store.find_card("silero-vad"), Progress())


def test_another_shape_than_the_graphs_is_refused(own: Path) -> None:
    own_card(own, "silero-vad", "shape = [1, 576]", "shape = [1, 512]")
    with pytest.raises(EngineError, match=r"input is \(1, 576\), the card states \(1, 512\)"):
        build(store.find_card("silero-vad"), Progress())
