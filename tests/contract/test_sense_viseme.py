"""The viseme sense with the real engine, on voices whose phonemes have known times."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from fixtures import engines
from fixtures.senses import BLOCK_NS, Desk, Player, no_rings

from sensorium import records
from sensorium.errors import EngineError
from sensorium.health import Reason
from sensorium.perception.viseme import DELAY, Viseme, VisemeOptions
from sensorium.perception.voice_activity import VoiceActivity, VoiceOptions
from sensorium.records.voice import VISEME_FRAMES, VISEMES
from sensorium_tools.samples import espeak_library, mouth_shapes

RATE, BLOCK = 16_000, 512
START_NS = 5_000_000_000
STEP_NS = 8_000_000


@pytest.fixture(scope="module")
def engine():
    loaded = engines.load("viseme")
    yield loaded
    loaded.close()


@functools.cache
def said(text: str, voice: str = "en-us+f3"):
    """A sound of whole blocks with silence around it, and its timeline."""
    if espeak_library.missing():
        pytest.skip(espeak_library.missing())
    spoken = espeak_library.speak(voice, 140, 50, text)
    sound = np.concatenate([room(0.512), spoken.sound * 0.6, room(1.0)])
    shown = [
        (begin + 0.512, end + 0.512, VISEMES[viseme])
        for begin, end, viseme in mouth_shapes.timeline(spoken.segments)
    ]
    return sound[: len(sound) // BLOCK * BLOCK], shown


def room(seconds: float) -> np.ndarray:
    """The noise of a quiet room, -60 dBFS."""
    return np.random.default_rng(0).normal(0, 0.001, int(seconds * RATE)).astype(np.float32)


def player(engine, **options) -> Player:
    return Player(Viseme(VisemeOptions(**options), {"viseme": engine}, no_rings()).streams()[0])


def play(listening: Player, sound: np.ndarray, first: int = 0, session: int = 1, gap: int = 0):
    """Plays whole blocks; the weights of all frames, [frames, 15], and their times in s."""
    before = len(listening.said)
    for start in range(0, len(sound) - BLOCK + 1, BLOCK):
        record = records.AUDIO.zeros()
        record["first_sample"], record["session"] = first + start, session
        record["gap"] = gap if start == 0 else 0
        record["samples"] = sound[start : start + BLOCK]
        listening.valid(record, START_NS + (first + start + BLOCK) * 1_000_000_000 // RATE)
    told = listening.said[before:]
    weights = np.concatenate([
        item.record["frames"][0].reshape(VISEME_FRAMES, len(VISEMES)) for item in told
    ])
    times = np.concatenate([
        (item["first_ns"] - START_NS + STEP_NS * np.arange(VISEME_FRAMES)) / 1e9 for item in told
    ])
    return weights, times


def during(shown, viseme: str, weights, times, shrink: float = 0.0):
    """The mean weights in each stretch of a viseme: a list of [15]."""
    return [
        weights[(times >= begin + shrink) & (times < end)].mean(0)
        for begin, end, name in shown if name == viseme and end - begin > 2 * STEP_NS / 1e9 + shrink
    ]


def test_lips_close_in_mama_papa_baba_and_open_between(engine) -> None:
    sound, shown = said("mama papa baba.")
    weights, times = play(player(engine), sound)
    closed, opened = VISEMES.index("PP"), VISEMES.index("aa")
    lips = during(shown, "PP", weights, times, 0.016)
    assert len(lips) == 6
    # The two of "mama" it takes for other shapes: it knows plosives better than the nasal.
    assert sum(mean[closed] > 0.2 for mean in lips[2:]) == 4
    assert sum(mean.argmax() == closed for mean in lips) >= 3
    vowels = during(shown, "aa", weights, times, 0.016)
    assert sum(mean.argmax() == opened for mean in vowels) >= 2
    for mean in vowels:
        assert mean[opened] > 0.3
        assert mean[closed] < 0.2


@pytest.mark.parametrize(("text", "viseme"), [
    ("ah", "aa"), ("oo", "ou"), ("sss see", "SS"), ("shoe show", "CH")])
def test_a_sound_shows_its_shape(engine, text: str, viseme: str) -> None:
    sound, shown = said(text)
    weights, times = play(player(engine), sound)
    found = during(shown, viseme, weights, times, 0.024)
    assert found
    assert max(mean[VISEMES.index(viseme)] for mean in found) > 0.4


@pytest.mark.parametrize("kind", ["silence", "room", "hiss", "hum", "offset", "none"])
def test_what_is_no_voice_leaves_the_mouth_shut(engine, kind: str) -> None:
    times = np.arange(2 * RATE) / RATE
    sound = {
        "silence": np.zeros(2 * RATE), "room": room(2), "hiss": room(2) * 20,
        "hum": 0.1 * np.sin(2 * np.pi * 50 * times), "offset": np.full(2 * RATE, 0.2),
        "none": np.full(2 * RATE, np.nan),
    }[kind].astype(np.float32)
    desk = Desk({VoiceActivity: VoiceOptions(), Viseme: VisemeOptions()})
    shut = []
    for start in range(0, len(sound) - BLOCK + 1, BLOCK):
        desk.sound(sound[start : start + BLOCK])
        newest = desk.rings.at("viseme", desk.rings.latest("viseme"))
        assert newest is not None
        shut.append(float(newest.record["weights"][0][0]))
    assert min(shut[8:]) > 0.9


def test_frames_sum_to_one_and_lie_eight_milliseconds_apart(engine) -> None:
    sound, _ = said("The quick brown fox jumps over the lazy dog.")
    listening = player(engine)
    weights, times = play(listening, sound)
    assert np.allclose(weights.sum(1), 1.0, atol=1e-5)
    assert weights.min() >= 0
    assert np.allclose(np.diff(times), 0.008)
    for item in listening.said:
        assert item.valid
        assert item["frame_count"] == VISEME_FRAMES
        assert item["step_ns"] == STEP_NS
        assert item["delay_ns"] == DELAY * 1_000_000_000 // RATE < 50_000_000
        newest = item.record["frames"][0].reshape(VISEME_FRAMES, -1)[-1]
        assert np.array_equal(item.record["weights"][0], newest)
        assert item["strongest"] == newest.argmax()
        assert item.confidence == pytest.approx(newest.max())
        last = item["first_ns"] + (VISEME_FRAMES - 1) * STEP_NS
        assert item.capture_ns - last == item["delay_ns"]
        assert item.engine.name == "viseme"


def test_blocks_give_what_the_whole_gives(engine) -> None:
    from sensorium.inference import store
    from sensorium_tools.evaluate.viseme import Viseme as Task
    from sensorium_tools.samples.sample import Sample

    sound, _ = said("mama papa baba.")
    weights, times = play(player(engine, attack_ms=0.0, decay_ms=0.0, quiet_dbfs=-120.0), sound)
    told = Task(store.find_card("viseme")).perform(engine.run, Sample("a", "sound", sound))
    # The task's frame 0 is the first of the sound; the stream's are behind by the look-ahead.
    assert np.allclose(weights[4:], told[: len(weights) - 4], atol=1e-5)
    assert times[4] == pytest.approx((128 - 200) / RATE, abs=1e-6)


def test_the_mouth_shuts_soon_after_the_voice(engine) -> None:
    sound, shown = said("ah")
    cut = int(shown[0][1] * RATE) if shown[0][2] == "aa" else int(0.75 * RATE)
    sound = np.concatenate([sound[:cut], np.zeros(RATE, np.float32)])
    weights, times = play(player(engine), sound)
    after = weights[(times > cut / RATE + 0.2)]
    assert after[:, 0].min() > 0.9


def test_gain_changes_no_shape(engine) -> None:
    sound, _ = said("Hello, how are you today?")
    loud, _ = play(player(engine), sound)
    soft, _ = play(player(engine), sound * 0.2)
    spoken = loud[:, 0] < 0.5
    assert np.mean(loud[spoken].argmax(1) == soft[spoken].argmax(1)) > 0.75


@pytest.mark.parametrize("harm", ["clipped", "offset", "holes"])
def test_bad_sound_gives_weights_all_the_same(engine, harm: str) -> None:
    sound, shown = said("mama papa baba.")
    bad = {
        "clipped": np.clip(sound * 8, -1, 1), "offset": sound + np.float32(0.3),
        "holes": sound.copy(),
    }[harm]
    if harm == "holes":
        bad[20_000:20_100] = np.nan
        bad[21_000:21_010] = np.inf
    weights, times = play(player(engine), bad.astype(np.float32))
    assert np.isfinite(weights).all()
    assert np.allclose(weights.sum(1), 1.0, atol=1e-5)
    lips = during(shown, "PP", weights, times, 0.016)
    assert sum(mean[VISEMES.index("PP")] > 0.15 for mean in lips) >= 2


def test_lost_input_shuts_the_mouth_and_says_why(engine) -> None:
    sound, _ = said("ah")
    listening = player(engine)
    play(listening, sound[: 24 * BLOCK])
    listening.invalid(START_NS, Reason.MUTED)
    last = listening.said[-1]
    assert (last.valid, last.reason) == (False, Reason.MUTED)
    assert last["strongest"] == 0
    assert last.record["weights"][0][0] == 1.0


@pytest.mark.parametrize("how", ["gap", "session", "lost"])
def test_after_a_gap_it_begins_anew(engine, how: str) -> None:
    sound, _ = said("mama papa baba.")
    fresh, _ = play(player(engine), sound)
    listening = player(engine)
    play(listening, sound[: 30 * BLOCK])
    if how == "lost":
        listening.stream.lost(3)
    again, _ = play(
        listening, sound, 30 * BLOCK, session=2 if how == "session" else 1, gap=int(how == "gap")
    )
    assert np.array_equal(fresh, again)


def test_an_engine_of_other_shapes_is_refused(engine) -> None:
    class Other:
        name, labels = "other", ("sil", "open")

    with pytest.raises(EngineError, match="sil open"):
        Viseme(VisemeOptions(), {"viseme": Other()}, no_rings())


def test_it_goes_on_in_real_regions_beside_voice_activity(engine) -> None:
    sound, _ = said("mama papa baba.")
    desk = Desk({VoiceActivity: VoiceOptions(), Viseme: VisemeOptions()})
    opened = 0.0
    for start in range(0, len(sound) - BLOCK + 1, BLOCK):
        desk.sound(sound[start : start + BLOCK])
        newest = desk.rings.at("viseme", desk.rings.latest("viseme"))
        assert newest is not None
        assert newest.valid
        opened = max(opened, float(newest.record["weights"][0][VISEMES.index("aa")]))
    assert desk.rings.latest("viseme") >= len(sound) // BLOCK
    assert opened > 0.5
    assert BLOCK_NS == 4 * STEP_NS
