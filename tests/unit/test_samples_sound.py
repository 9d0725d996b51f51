import contextlib
import gzip
import io
import random
import wave

import numpy as np
import pytest
from fixtures import sets

from sensorium.errors import EngineError
from sensorium_tools.progress import Progress
from sensorium_tools.samples import (
    alter_sound,
    g722,
    loading,
    prompts,
    sounds,
    synthesisers,
    tracked,
)

VOICE = """generator = "speech"
seed = 3
[sources.options]
synthesiser = "{program}"
voices = ["en-us", "en-gb"]
sentences = "words.txt"
count = 6
"""


def wav(samples=1600, rate=16000, channels=1, width=2):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(bytes(samples * channels * width))
    return buffer.getvalue()


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SENSORIUM_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def test_g722_is_that_of_ffmpeg():
    av = pytest.importorskip("av")
    draws = np.random.default_rng(0)
    # Any octets are valid; a random walk over them reaches every clamp.
    octets = [draws.integers(0, 256, size).astype(np.uint8).tobytes() for size in (1, 900, 2500)]
    octets += [bytes([value]) * 700 for value in (0, 63, 127, 128, 255)]
    for ours, data in zip(g722.decode(octets), octets, strict=True):
        codec = av.CodecContext.create("g722", "r")
        codec.sample_rate, codec.layout, codec.format = 16000, "mono", "s16"
        theirs = [frame.to_ndarray().reshape(-1) for frame in codec.decode(av.Packet(data))]
        assert np.array_equal(ours, np.concatenate(theirs))


def test_g722_side_by_side_is_as_one_by_one():
    draws = np.random.default_rng(1)
    octets = [draws.integers(0, 256, size).astype(np.uint8).tobytes() for size in (5, 2100, 0, 40)]
    together = g722.decode(octets)
    for one, data in zip(together, octets, strict=True):
        assert np.array_equal(one, g722.decode([data])[0])
        assert len(one) == 2 * len(data)
    assert g722.decode([]) == []


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        (b"", "a.wav", "not a WAV file"),
        (b"RIFF____WAVEjunk", "a.wav", "not a WAV file"),
        (wav(rate=8000), "a.wav", "1 channels of 16 bits at 8000 Hz"),
        (wav(channels=2), "a.wav", "2 channels"),
        (wav(width=1), "a.wav", "of 8 bits"),
        (b"abc", "a.raw", "3 bytes are not samples"),
        (b"", "a.raw", "0 bytes"),
    ],
)
def test_a_sound_of_another_form_is_refused(data, place, says):
    with pytest.raises(EngineError, match=says):
        sounds.decode(data, place)


@pytest.mark.parametrize("seed", range(30))
def test_garbled_files_are_an_engine_error_or_still_a_sample(seed):
    chance = random.Random(seed)
    for decode, whole in ((sounds.decode, wav()), (tracked.decode, bytes(936))):
        data = bytearray(whole)
        for _ in range(4):
            data[chance.randrange(120)] = chance.randrange(256)
        with contextlib.suppress(EngineError):
            decode(bytes(data[: chance.randrange(len(data))]), "file")


def test_intervals_are_where_the_voice_is():
    sound = np.zeros(16000 * 3, np.float32)
    time = np.arange(16000) / 16000
    sound[16000:24000] = np.sin(2 * np.pi * 200 * time[:8000])
    sound[26000:32000] = 0.3 * np.sin(2 * np.pi * 300 * time[:6000])
    assert alter_sound.intervals(sound).tolist() == [[1.0, 2.0]]
    sound[26000:30080] = 0
    assert alter_sound.intervals(sound) == pytest.approx(np.array([[1.0, 1.5], [1.88, 2.0]]))
    assert alter_sound.intervals(np.zeros(16000, np.float32)).shape == (0, 2)
    assert alter_sound.intervals(np.zeros(5, np.float32)).shape == (0, 2)


def test_noise_has_the_power_that_was_asked_for():
    voice = 0.5 * np.sin(np.arange(32000) * 0.1).astype(np.float32)
    made = alter_sound.noisy(voice, 20.0, np.random.default_rng(0))
    rest = made.astype(np.float64) - voice
    loud = voice.astype(np.float64) ** 2
    ratio = 10 * np.log10(loud[loud >= loud.mean()].mean() / (rest**2).mean())
    assert ratio == pytest.approx(20.0, abs=0.1)


def test_an_echo_follows_the_voice_and_does_not_precede_it():
    click = np.zeros(8000, np.float32)
    click[2000] = 1.0
    made = alter_sound.echo(click, 0.2, 0.2, np.random.default_rng(0))
    assert np.abs(made[:2000]).max() < 1e-6
    assert made[2000] == pytest.approx(1.0)
    assert (made[2001:5200] ** 2).sum() == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("program", list(synthesisers.SYNTHESISERS))
def test_a_missing_synthesiser_is_left_out_with_the_command_that_brings_it(
    folders, monkeypatch, program
):
    monkeypatch.setenv("PATH", str(folders))
    own = sets.source(how="generator", more=VOICE.format(program=program))
    sets.write(folders / "data", "mine", "sound", [own], {"words.txt": b"One.\nTwo.\n"})
    with pytest.raises(EngineError, match=f"is not there; apt install {program}"):
        loading.load("mine", "calibration", Progress())


def test_synthetic_speech_is_the_same_from_the_cache(folders):
    if synthesisers.missing("espeak-ng"):
        pytest.skip(synthesisers.missing("espeak-ng"))
    own = sets.source(how="generator", more=VOICE.format(program="espeak-ng"))
    sets.write(folders / "data", "mine", "sound", [own], {"words.txt": b"Go on.\nStop.\n"})
    first = loading.load("mine", "calibration", Progress())
    again = loading.load("mine", "calibration", Progress())
    assert [sample.name for sample in first] == [sample.name for sample in again]
    assert all(np.array_equal(a.data, b.data) for a, b in zip(first, again, strict=True))
    assert {sample.truth["text"] for sample in first} == {"Go on.", "Stop."}
    assert len({sample.truth["speaker"] for sample in first}) == 2
    for sample in first:
        (begin, _), (_, end) = sample.truth["intervals"][0], sample.truth["intervals"][-1]
        assert 0.2 <= begin < end <= len(sample.data) / 16000 - 0.19


def test_a_voice_that_does_not_exist_is_named(folders):
    if synthesisers.missing("espeak-ng"):
        pytest.skip(synthesisers.missing("espeak-ng"))
    with pytest.raises(EngineError, match="does not speak with the voice xx-nobody"):
        synthesisers.speak("espeak-ng", "xx-nobody", 160, 50, "Hello.")


@pytest.mark.parametrize("voice", ["", "-x", "/etc/passwd", "a)(system", "a b", "http://a"])
def test_a_voice_that_could_be_more_than_a_name_is_refused(folders, voice):
    more = VOICE.format(program="festival").replace("en-us", voice)
    own = sets.source(how="generator", more=more)
    sets.write(folders / "data", "mine", "sound", [own], {"words.txt": b"One.\n"})
    with pytest.raises(EngineError, match="sources.0.options: voices needs one at least"):
        loading.load("mine", "calibration", Progress())


@pytest.mark.parametrize(("words", "says"), [(b"\n\n", "has 0 sentences"), (b"\xff", "UTF-8")])
def test_a_list_without_sentences_is_refused(folders, words, says):
    own = sets.source(how="generator", more=VOICE.format(program="espeak-ng"))
    sets.write(folders / "data", "mine", "sound", [own], {"words.txt": words})
    if synthesisers.missing("espeak-ng"):
        pytest.skip(synthesisers.missing("espeak-ng"))
    with pytest.raises(EngineError, match=says):
        loading.load("mine", "calibration", Progress())


def test_a_damaged_list_of_prompts_is_refused():
    packed = gzip.compress(b"a: b")
    for data in (b"\x1f\x8b\x08\x00broken", b"a: b", gzip.compress(b"\xff: a"), packed[:-6]):
        with pytest.raises(EngineError, match="list: not a gzipped list"):
            prompts.transcripts(data, "list")


def test_prompts_are_taken_where_the_words_are_known():
    text = b"; comment\na/one: Hello.\ntwo: [a beep]\nthree: press 1\nfour: Good day, Sir.\n"
    assert prompts.transcripts(gzip.compress(text), "list") == {
        "a/one": "Hello.", "four": "Good day, Sir."
    }
