"""Training a wake word by its command: a small one as a whole, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fixtures import engines

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.perception.speech_embedding import embeddings
from sensorium.perception.wake_head import Bounds, Head, bounds_of
from sensorium_tools import cli
from sensorium_tools.progress import Progress
from sensorium_tools.train import (
    features,
    fitting,
    kept,
    kokoro,
    near,
    piper,
    second_stage,
    voices,
    wake_word,
)
from sensorium_tools.train.utterance import Utterance
from sensorium_tools.train.voices import Voice
from sensorium_tools.train.whole_sounds import WholeSounds

ROOT = Path(__file__).resolve().parents[2]
SMALL = 0.004


@pytest.fixture(autouse=True)
def _needs() -> None:
    for program in ("espeak-ng", "flite"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    for name in ("speech-mel", "speech-embedding", *second_stage.ENGINES):
        engines.ensure_built(name)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    return tmp_path


def test_a_phrase_becomes_an_engine_that_the_daemon_takes(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a small cast, for neural voices take long to speak, two heads and fewer doubts."""
    monkeypatch.setattr(fitting, "HEADS", 2)
    monkeypatch.setattr(second_stage, "DOUBT", 0.5)
    for table in ("CHOOSING", "HELD_OUT"):
        monkeypatch.setattr(voices, table, {"espeak-ng": getattr(voices, table)["espeak-ng"]})
    report = wake_word.train(
        "open sesame", Progress(), name="test-sesame", share=SMALL,
        voices=("espeak-ng/en-us", "espeak-ng/en-gb+f2", "flite/slt"),
    )
    folder = own / "engines" / "test-sesame"
    assert sorted(path.name for path in folder.iterdir()) == [
        "NOTICE", "README.md", "card.toml", "model.onnx", "training.json",
    ]
    assert (folder / "model.onnx").stat().st_size < 900_000
    assert json.loads((folder / "training.json").read_text()) == json.loads(json.dumps(report))
    assert "open sesame" in (folder / "README.md").read_text()
    assert "eSpeak NG" in (folder / "NOTICE").read_text()
    assert [path.name for path in (own / "engines").iterdir()] == ["test-sesame"]
    assert report["voices"]["training"] == ["espeak-ng/en-gb+f2", "espeak-ng/en-us", "flite/slt"]
    assert "flite/slt" not in report["voices"]["held_out"]
    assert {row["voice"] for row in report["phrases"]} >= {"espeak-ng", "all"}
    assert report["others"][-1]["hours"] > 0
    engine = store.load("test-sesame")
    head = Head(engine, 0.0)
    assert (head.phrase, head.alone) == (
        "open sesame", pytest.approx(report["threshold"], abs=1e-3),
    )
    assert head.hears(np.zeros((16, 96), np.float32), 40_000) is None
    bounds = bounds_of(engine.metadata)
    assert bounds == pytest.approx([report["check"][name] for name in Bounds._fields], abs=0.01)
    page = (folder / "README.md").read_text()
    assert "heard again by Whisper" in page
    assert report["alone"]["phrases"][-1]["clips"] == report["phrases"][-1]["clips"]
    engine.close()
    shutil.rmtree(store.built_folder("test-sesame"))


@pytest.mark.parametrize("samples", [0, 12_799, 12_800, 50_000])
def test_whole_sounds_give_the_embeddings_that_a_stream_gives(samples: int) -> None:
    noise = np.random.default_rng(4)
    loud = np.repeat(np.exp(noise.uniform(-6, 0, samples // 1000 + 1)), 1000)[:samples]
    sound = (noise.normal(0, 0.2, samples) * loud).astype(np.float32)
    mel, embedding = (engines.load(name) for name in ("speech-mel", "speech-embedding"))
    found = WholeSounds().embeddings(sound)
    assert found == pytest.approx(embeddings(mel, embedding, sound), abs=1e-3)
    assert found.shape == (max(0, samples // 1280 - 9), 96)


def test_what_is_the_same_for_every_phrase_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "folder", lambda: tmp_path / "embeddings")
    jobs = [features.NoiseJob("hum", seconds, (1,)) for seconds in (1.5, 2.0)]
    front_end, ran = WholeSounds(), []

    class Here:
        """Runs jobs in the test's own process."""

        def run(self, label: str, jobs):
            ran.append(label)
            return [job(front_end) for job in jobs]

    first, second = (kept.run(Here(), "noise", jobs) for _ in range(2))
    assert ran == ["noise"]
    assert [one.features.shape for one in second] == [(9, 96), (16, 96)]
    assert all((a.features == b.features).all() for a, b in zip(first, second, strict=True))
    (file,) = (tmp_path / "embeddings").iterdir()
    file.write_bytes(file.read_bytes()[:200])
    kept.run(Here(), "noise", jobs)
    kept.run(Here(), "noise", jobs[:1])
    assert len(ran) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([""], "the phrase is empty"),
        (["hey 7"], 'the digit "7"'),
        (["привет"], "CYRILLIC"),
        (["hey"], "has 2 sounds, needs 5"),
        (["international telecommunication organisation"], "s to say, may take"),
        (["hey you there", "--voices", "bob"], '"bob" is no voice'),
        (["hey you there", "--voices", "acme/bob"], "SYNTHESISER/VOICE"),
        (["hey you there", "--name", "Über"], "name of an engine"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_a_remedy(
    own: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "wake-word", *arguments, "--json"]) == cli.FAILED
    (row,) = json.loads(capsys.readouterr().out)["engines"]
    assert said in row["error"]
    assert row["remedy"]
    assert not (own / "engines").exists()


def test_without_a_synthesiser_it_says_what_brings_one(
    own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="no synthesiser says the phrase") as refused:
        wake_word.train("hey sensorium", Progress())
    assert "apt install espeak-ng" in refused.value.remedy


def test_ctrl_c_leaves_nothing(own: Path) -> None:
    """Stopped while its processes are at work."""
    command = "import sys; from sensorium_tools.cli import main; sys.exit(main(sys.argv[1:]))"
    with subprocess.Popen(
        [sys.executable, "-c", command, "train", "wake-word", "open sesame"],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'runtime'}:{ROOT / 'tools'}"},
    ) as running:
        assert running.stderr is not None
        said = ""
        while "saying the phrase" not in said:
            said = running.stderr.readline()
            assert said, "it ended by itself"
        end = time.monotonic() + 60
        while not (children := _children(running.pid)):
            assert time.monotonic() < end
            time.sleep(0.01)
        running.send_signal(2)
        assert running.wait(60) == cli.INTERRUPTED
        assert "nothing half-done is left" in running.stderr.read()
    end = time.monotonic() + 60
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not (own / "engines").exists()


def test_no_voice_is_on_two_sides() -> None:
    cast = voices.cast(Progress())
    sides = [set(cast.training), set(cast.choosing), set(cast.held_out)]
    assert not sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2]
    assert set(cast.unheard) <= {"festival"}


@pytest.mark.parametrize(
    ("module", "voice"), [(piper, "piper/joe"), (kokoro, "kokoro/jf_nezumi")]
)
def test_a_neural_voice_speaks(module, voice: str) -> None:
    reason = module.missing(Progress())
    if reason:
        pytest.skip(reason)
    slow, quick = (
        Utterance(Voice(*voice.split("/")), speed, 50, "hey sensorium").sound()
        for speed in (120, 200)
    )
    assert 1.2 < len(slow) / len(quick) < 2.5
    assert 0.5 < len(quick) / 16_000 < 1.2


def test_the_dictionary_has_words_and_the_sentences_do_too() -> None:
    known = near.words(Progress())
    assert {"kitchen", "light"} <= set(known)
    assert len(near.sentences()) > 20


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(path.parent.name))
    return found
