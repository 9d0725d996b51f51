"""The mathematics of training a wake word: gradient, graph, threshold, bounds, near phrases."""

from __future__ import annotations

import math
import shutil

import numpy as np
import onnxruntime
import pytest

from sensorium.errors import EngineError
from sensorium.perception.wake_head import Bounds
from sensorium.perception.wake_trigger import (
    DOUBT_STEPS,
    PAUSE_STEPS,
    SMOOTH,
    Heard,
    Stages,
    Trigger,
)
from sensorium_tools.train import (
    acoustics,
    clips,
    export,
    fitting,
    measure,
    near,
    network,
    second_stage,
    vocoder,
)
from sensorium_tools.train import phonemes as spelling
from sensorium_tools.train.backgrounds import NOISES, background
from sensorium_tools.train.features import Made
from sensorium_tools.train.phrase import phrase
from sensorium_tools.train.sides import Doubt

NOISE = np.random.default_rng(5)


def test_the_gradient_is_that_of_finite_differences() -> None:
    weights = {
        name: value.astype(np.float64)
        for name, value in network.fresh(np.random.default_rng(0)).items()
    }
    noise = np.random.default_rng(1)
    windows, truth = noise.normal(size=(5, 16, 96)), noise.integers(0, 2, 5).astype(float)
    keep = (noise.random((5, 576)) < 0.7) / 0.7

    def loss() -> float:
        logits, _ = network.forward(weights, windows, keep)
        return float(np.mean(np.logaddexp(0, logits) - truth * logits))

    logits, seen = network.forward(weights, windows, keep)
    slopes = network.backward(weights, seen, (network.sigmoid(logits) - truth) / 5, keep)
    assert set(slopes) == set(weights)
    for name, value in weights.items():
        for _ in range(5):
            place = tuple(noise.integers(size) for size in value.shape)
            kept = value[place]
            value[place] = kept + 1e-6
            above = loss()
            value[place] = kept - 1e-6
            below = loss()
            value[place] = kept
            assert slopes[name][place] == pytest.approx((above - below) / 2e-6, abs=1e-7)


def test_adam_takes_the_steps_of_its_paper() -> None:
    """The first step is the rate against the slope's sign; decay shrinks weights apart from it."""
    weights = {"one": np.ones((2, 2), np.float32), "one.bias": np.ones(2, np.float32)}
    adam = network.Adam(weights, decay=0.5)
    adam.step({"one": np.full((2, 2), 3, np.float32), "one.bias": np.array([-2, 0.0])}, 0.1)
    assert weights["one"] == pytest.approx(np.full((2, 2), 0.95 - 0.1), abs=1e-5)
    assert weights["one.bias"] == pytest.approx([1.1, 1.0], abs=1e-5)


def test_a_track_gives_the_logits_of_all_windows() -> None:
    weights = network.fresh(np.random.default_rng(2))
    steps = NOISE.normal(size=(40, 96)).astype(np.float32)
    windows = np.stack([steps[start : start + 16] for start in range(25)])
    expected, _ = network.forward(weights, windows)
    assert network.track(weights, steps) == pytest.approx(expected, abs=1e-4)


def test_the_exported_graph_computes_the_mean_of_its_heads() -> None:
    mean, scale = NOISE.normal(size=96).astype(np.float32), np.float32(1.5) + NOISE.random(96)
    windows = NOISE.normal(2, 3, (4, 16, 96)).astype(np.float32)
    heads, logits = [], []
    for seed in (2, 3):
        weights = network.fresh(np.random.default_rng(seed))
        expected, _ = network.forward(weights, ((windows - mean) / scale).astype(np.float32))
        heads.append(network.folded(weights, mean, scale.astype(np.float32)))
        assert network.forward(heads[-1], windows)[0] == pytest.approx(expected, abs=1e-3)
        logits.append(expected)
    session = onnxruntime.InferenceSession(export.onnx_file(heads, {"phrase": "a b"}))
    found = [session.run(None, {"embeddings": one[None]})[0][0, 0] for one in windows]
    assert found == pytest.approx(network.sigmoid(np.mean(logits, axis=0)), abs=1e-4)
    assert fitting.scores(heads, windows[0]) == pytest.approx(found[:1], abs=1e-4)
    assert session.get_modelmeta().custom_metadata_map == {"phrase": "a b"}


def test_a_head_learns_what_tells_two_kinds_apart() -> None:
    """A short pattern in noise, heard at any of a few places."""
    noise = np.random.default_rng(3)
    pattern = noise.normal(0, 2, (6, 96))

    def made(said: bool) -> Made:
        steps = noise.normal(size=(23, 96))
        if said:
            steps[12:18] += pattern
        heard = np.zeros(8, bool)
        heard[2:6] = said
        return Made(steps.astype(np.float32), heard)

    said, unsaid = [made(True) for _ in range(40)], [made(False) for _ in range(60)]
    sounds = fitting.gathered(said[:30], unsaid[:50])
    head, again = (fitting.fit(sounds, 1, rounds=2, steps=40) for _ in range(2))
    peaks = [measure.peak(fitting.scores([head], one.features)) for one in said[30:]]
    others = [measure.peak(fitting.scores([head], one.features)) for one in unsaid[50:]]
    assert min(peaks) > max(others) + 0.3
    assert all((again[name] == value).all() for name, value in head.items())


def test_windows_that_hear_a_part_of_the_phrase_are_left_out() -> None:
    heard = np.zeros(8, bool)
    heard[3:6] = True
    said, unsaid = Made(np.zeros((23, 96), np.float32), heard), Made(np.ones((20, 96), np.float32))
    sounds = fitting.gathered([said, said], [unsaid, Made(np.ones((3, 96), np.float32))])
    assert sounds.phrase.tolist() == [3, 4, 5, 26, 27, 28]
    assert sounds.other.tolist() == [46, 47, 48, 49, 50]
    assert sounds.windows(sounds.other).min() == 1


@pytest.mark.parametrize(("count", "most"), [(0, 2.9957), (1, 4.7439), (2, 6.2958), (10, 16.9622)])
def test_the_bound_of_a_rate_is_the_exact_one(count: int, most: float) -> None:
    """Half the 95 % point of chi-square with 2 (count + 1) degrees of freedom (Garwood 1936)."""
    assert measure.most_an_hour(count, 1.0) == pytest.approx(most, abs=1e-3)
    assert measure.most_an_hour(count, 10.0) == pytest.approx(most / 10, abs=1e-4)


def test_the_bound_of_a_rate_of_nothing_heard_is_none() -> None:
    assert math.isinf(measure.most_an_hour(0, 0.0))


def test_the_bound_of_a_share_is_clopper_and_pearsons() -> None:
    assert measure.most_of(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100), abs=1e-6)
    assert measure.most_of(5, 100) == pytest.approx(0.10225, abs=1e-4)
    assert measure.most_of(7, 7) == 1.0


def test_a_threshold_is_where_the_rate_of_an_exponential_fall_is() -> None:
    """Peaks of 5 hours, their logits from an exponential distribution of mean 1: one is allowed."""
    logits = np.random.default_rng(8).exponential(1.0, 1000) - 6
    chosen = measure.choose(list(1 / (1 + np.exp(-logits))), 5.0)
    assert math.log(chosen / (1 - chosen)) == pytest.approx(math.log(1000) - 6, abs=1.0)


def test_a_threshold_keeps_its_bounds() -> None:
    assert measure.choose([0.9999] * 100, 1.0) == measure.HIGHEST
    assert measure.choose([0.001] * 100, 1.0) == measure.LOWEST
    assert measure.choose([], 0.0) == measure.LOWEST


def test_one_phrase_is_one_detection() -> None:
    trigger = Trigger(0.6)
    scores = [0.1, 0.9, 0.1, 0.7, 0.8, 0.9, 0.9, 0.5, 0.9, 0.9, 0.2, 0.1]
    assert [trigger.update(score) for score in scores].count(True) == 1
    assert [trigger.update(0.9) for _ in range(PAUSE_STEPS)].count(True) == 1
    assert not any(trigger.update(0.9) for _ in range(50)), "it was never less sure in between"


def test_what_does_not_follow_is_not_averaged() -> None:
    trigger = Trigger(0.6)
    trigger.update(0.9)
    trigger.forget()
    assert [trigger.update(0.9) for _ in range(SMOOTH)] == [False] * (SMOOTH - 1) + [True]


def told(stages: Stages, scores: list[float]) -> list[tuple[int, Heard]]:
    """At which scores something was heard."""
    found = ((place, stages.update(score, place + 1)) for place, score in enumerate(scores))
    return [(place, heard) for place, heard in found if heard is not None]


def test_where_one_threshold_is_for_both_stages_nothing_is_in_doubt() -> None:
    ((place, heard),) = told(Stages(0.6, 0.6), [0.1, 0.1, 0.9, 0.9, 0.9, 0.9])
    assert (place, heard) == (3, Heard(4, pytest.approx(0.9), 0.6, in_doubt=False))


def test_a_doubt_waits_for_a_higher_score_and_is_told_with_it() -> None:
    ((place, heard),) = told(Stages(0.2, 0.8), [0.0, 0.3, 0.3, 0.5, 0.7, 0.3, 0.3, 0.3, 0.3])
    assert (place, heard) == (2 + DOUBT_STEPS, Heard(3, pytest.approx(0.6), 0.2, in_doubt=True))


def test_a_doubt_becomes_sure_as_soon_as_its_score_is() -> None:
    ((place, heard),) = told(Stages(0.2, 0.8), [0.0, 0.3, 0.3, 0.9, 0.9, 0.9, 0.9, 0.9])
    assert (place, heard) == (4, Heard(3, pytest.approx(0.9), 0.8, in_doubt=False))


def test_what_is_in_doubt_can_be_told_early_or_forgotten() -> None:
    stages = Stages(0.2, 0.8)
    told(stages, [0.3, 0.3])
    assert stages.waiting
    assert stages.close() == Heard(2, pytest.approx(0.3), 0.2, in_doubt=True)
    assert stages.close() is None
    assert not stages.waiting
    other = Stages(0.2, 0.8)
    told(other, [0.3, 0.3])
    other.forget()
    assert (other.waiting, other.close()) == (False, None)


def test_a_rejected_doubt_keeps_nobody_waiting() -> None:
    scores = [0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.0, 0.0, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]
    for rejected, expected in ((False, 1), (True, 2)):
        stages, count = Stages(0.2, 0.8), 0
        for place, score in enumerate(scores):
            if stages.update(score, place + 1) is not None:
                count += 1
                if rejected:
                    stages.reject()
        assert count == expected


def test_a_limit_is_where_the_rate_of_an_exponential_fall_is() -> None:
    """Likelihoods in 5 hours, exponential with a mean of 2: one in two hours is allowed."""
    values = np.random.default_rng(9).exponential(2.0, 200) - 40
    assert measure.limit(list(values), 5.0, 0.5) == pytest.approx(
        2 * math.log(200 / 2.5) - 40, abs=2.0
    )
    assert measure.limit([], 5.0) == measure.LEAST_LIKELY
    assert measure.limit([-1.0] * 50, 5.0) == measure.MOST_LIKELY


def test_what_is_sure_or_likely_is_accepted_once_in_a_while() -> None:
    given = Bounds(0.2, 0.8, -20.0)
    found = [
        Doubt(Heard(end, score, 0.2, in_doubt=True), likelihood)
        for end, score, likelihood in (
            (10_000, 0.3, -30.0), (20_000, 0.3, -10.0), (22_000, 0.9, -50.0), (60_000, 0.9, -50.0),
        )
    ]
    assert second_stage.accepted(found, given) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" ,. ", "is empty"),
        ("hey 7", 'the digit "7"'),
        ("hey & you", "'&'"),
        ("привет мир", "CYRILLIC SMALL LETTER"),
        ("嘿你好", "CJK UNIFIED IDEOGRAPH"),
        ("one two three four five six seven", "7 words"),
        ("a" * 70, "70 bytes"),
        ("hey\0you", "no letter"),
    ],
)
def test_a_phrase_that_cannot_be_one_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(EngineError) as refused:
        phrase(text)
    assert said in refused.value.message
    assert refused.value.remedy


def test_a_phrase_is_taken_as_it_is_meant() -> None:
    assert phrase("  Hey,  SENSORIUM! ") == phrase("hey sensorium")
    assert phrase("what's up, doc?").name == "whats-up-doc"
    assert phrase("what’s up").text == "what's up"
    assert phrase("hey you there", "mine").name == "mine"
    with pytest.raises(EngineError, match="name of an engine"):
        phrase("hey you there", "../mine")


def test_how_far_two_words_are_apart() -> None:
    assert spelling.distance("kitten", "sitting") == 3
    assert spelling.distance("", "abc") == 3
    assert spelling.distance("same", "same") == 0


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_near_phrases_sound_alike_and_are_not_the_phrase() -> None:
    known = ("auditorium", "sensor", "sensory", "emporium", "hay", "table", "consortium", "day")
    wanted = phrase("hey sensorium")
    made = near.phrases(wanted, known, np.random.default_rng(0))
    assert {"sensorium", "hey", "hey emporium", "hey sensory"} <= set(made)
    assert not {"hey sensorium", "hay sensorium", "table"} & set(made)
    said = spelling.spell([wanted.text])[0]
    assert min(spelling.distance(said, one) for one in spelling.spell(made)) >= 2


@pytest.mark.parametrize("kind", NOISES)
def test_a_background_has_a_power_of_one_and_is_the_same_each_time(kind: str) -> None:
    one, two = (background(kind, 20_000, np.random.default_rng(4)) for _ in range(2))
    assert np.sqrt(np.mean(np.square(one))) == pytest.approx(1.0, abs=1e-3)
    assert (one == two).all()


def test_a_clip_says_where_its_phrase_ends() -> None:
    said = np.sin(np.arange(14_000) / 5).astype(np.float32)
    made = clips.clip(said, [said], np.random.default_rng(6))
    assert len(made.sound) == clips.STEPS * 1280
    assert np.abs(made.sound).max() <= 1.0
    heard = made.heard()
    ends = (np.arange(8) + clips.STEPS - 7) * 1280
    assert 3 <= heard.sum() <= 5
    assert ((ends[heard] >= made.end - 160) & (ends[heard] <= made.end + 4800)).all()


def test_a_room_begins_with_the_sound_itself() -> None:
    response = acoustics.room(np.random.default_rng(1))
    assert response[0] == 1.0
    assert np.abs(response[-100:]).max() < 0.05




def test_another_speaker_says_the_same_with_another_pitch() -> None:
    """A vowel: pulses of 100 Hz through two resonances, which stay near where they were."""
    time = np.arange(16_000) / 16_000
    pulses = (np.diff(np.floor(time * 100), prepend=0) > 0).astype(float)
    ringing = np.arange(400) / 16_000
    resonances = sum(
        np.exp(-150 * ringing) * np.sin(2 * np.pi * hertz * ringing) for hertz in (600, 1400)
    )
    vowel = np.convolve(pulses, resonances)[:16_000].astype(np.float32)
    periods, peaks = set(), []
    for seed in range(8):
        made = vocoder.revoiced(vowel, np.random.default_rng(seed))
        assert made.shape == vowel.shape
        assert made.dtype == np.float32
        assert np.isfinite(made).all()
        middle = made[4000:12_000] * np.hanning(8000)
        spectrum = np.abs(np.fft.rfft(middle)) ** 2
        related = np.fft.irfft(spectrum)
        periods.add(int(np.argmax(related[50:230]) + 50))
        smooth = np.convolve(spectrum, np.ones(120), "same")
        peaks.append(np.argmax(smooth) * 16_000 / 8000)
    assert len(periods) >= 5
    assert np.median(peaks) == pytest.approx(600, rel=0.25)
    assert vocoder.revoiced(np.zeros(100, np.float32), NOISE).shape == (100,)
