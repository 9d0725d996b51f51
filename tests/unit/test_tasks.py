"""The tasks of gestures, voice activity and agreement, on outcomes that are known."""

import dataclasses

import numpy as np
import pytest

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium.inference.card_tables import TASKS
from sensorium_tools import evaluate
from sensorium_tools.evaluate import agreement
from sensorium_tools.evaluate.transcription import Transcription
from sensorium_tools.samples import Sample, checks


def task(card_name, name, **changes):
    card = store.find_card(card_name)
    return evaluate.task(name)(dataclasses.replace(card, **changes))


def sound(seconds, *intervals, name="a"):
    data = np.zeros(int(seconds * 16000), np.float32)
    return Sample(name, "sound", data, {"intervals": np.array(intervals, float).reshape(-1, 2)})


def test_voice_activity_goes_through_the_sound_with_context_and_state():
    seen = []

    def run(feeds):
        seen.append({name: value.copy() for name, value in feeds.items()})
        return {"output": np.full((1, 1), 0.7), "stateN": feeds["state"] + 1}

    ramp = np.arange(512 * 3 + 100, dtype=np.float32) / 8192
    outcome = task("silero-vad", "voice-activity").perform(run, Sample("a", "sound", ramp))
    assert outcome.tolist() == pytest.approx([0.7] * 3)
    assert not seen[0]["input"][0, :64].any()
    for block in (1, 2):
        first = block * 512 - 64
        assert np.array_equal(seen[block]["input"][0], ramp[first : first + 576])
        assert (seen[block]["state"] == block).all()


def test_voice_activity_counts_blocks_and_leaves_edges_out():
    of_it = task("silero-vad", "voice-activity")
    sample = sound(10 * 0.032, (0.064, 0.170))
    outcome = np.array([0, 0.9, 0.9, 0.9, 0.1, 0.9, 0, 0, 0, 0], np.float32)
    found = of_it.score([outcome] * 3, [sample] * 3)
    # Blocks 2 to 4 are speech, block 5 is a third of one: it counts for nobody.
    assert found.n == 27
    assert found.value == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert found.parts["recall"] == pytest.approx(2 / 3)
    assert of_it.agree(outcome, 1 - outcome) == 0
    assert of_it.agree(outcome, outcome) == 1


def test_without_truth_there_is_no_figure():
    silent = Sample("a", "sound", np.zeros(512, np.float32))
    of_it = task("silero-vad", "voice-activity")
    assert of_it.score([np.zeros(1, np.float32)], [silent]) is None
    assert task("gesture-recognizer", "gesture").score(["None"], [silent]) is None


def test_that_both_hear_nothing_says_nothing():
    of_it = task("silero-vad", "voice-activity")
    silent, heard = np.float32([0.1, 0.4]), np.float32([0.1, 0.6])
    assert of_it.agree(silent, silent) is None
    assert of_it.agree(silent, heard) == of_it.agree(heard, silent) == 0.5
    words = object.__new__(Transcription)
    assert words.agree("", "") is None
    assert words.agree("", "yes") == words.agree("yes", "") == 0.0
    assert words.agree("yes no", "yes") == 0.5


def test_gestures_are_scored_with_the_recall_of_each():
    truths = ["Victory", "Victory", "None", "Thumb_Up"]
    samples = [Sample(f"{n}", "hand", None, {"class": word}) for n, word in enumerate(truths)]
    said = ["Victory", "None", "None", "Thumb_Up"]
    found = task("gesture-recognizer", "gesture").score(said, samples)
    assert found.value == 0.75
    assert found.parts == {
        "recall of None": 1.0, "recall of Thumb_Up": 1.0, "recall of Victory": 0.5
    }
    assert found.low < 0.75 < found.high


def test_a_sample_of_another_kind_is_refused():
    hand = Sample("a", "hand", np.zeros((26, 3), np.float32))
    with pytest.raises(EngineError, match="is of kind hand, the task voice-activity takes sound"):
        task("silero-vad", "voice-activity").perform(lambda feeds: {}, hand)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (np.full((26, 3), np.nan, np.float32), "holds NaN"),
        (np.zeros((25, 3), np.float32), "has shape"),
        (np.zeros((26, 3)), "must be float32"),
        (np.zeros((26, 3), np.float32), "do not span a hand"),
    ],
)
def test_a_hand_that_is_none_is_refused(data, says):
    with pytest.raises(EngineError, match=says):
        task("gesture-recognizer", "gesture").perform(lambda feeds: {}, Sample("a", "hand", data))


def test_a_card_that_a_task_cannot_judge_is_refused():
    card = store.find_card("gesture-recognizer")
    for name in ("gesture", "voice-activity"):
        with pytest.raises(EngineError, match="needs the inputs"):
            task("gesture-recognizer", name, inputs=card.inputs[:1])


def test_every_task_says_what_it_takes():
    assert {*checks.TASK_KINDS, "agreement"} == set(TASKS)


def test_agreement_without_a_set_draws_other_noise_for_each_side():
    of_it = task("silero-vad", "agreement")
    drawn = [
        of_it.perform(lambda feeds: feeds, sample)["input"]
        for part in ("calibration", "evaluation")
        for sample in agreement.noise(part, 3)
    ]
    assert len({array.tobytes() for array in drawn}) == 6
    assert np.std(drawn) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("shape", [(1, 3, 4, 6), (1, 4, 6, 3), (1, 1, 4, 6), (1, 4, 6, 1)])
def test_agreement_feeds_a_picture_in_the_order_that_the_input_has(shape):
    card = store.find_card("silero-vad")
    port = dataclasses.replace(card.inputs[0], shape=shape)
    of_it = evaluate.task("agreement")(dataclasses.replace(card, inputs=(port,)))
    pixels = np.zeros((8, 12, 3), np.uint8)
    pixels[4:, :, 2] = 255
    fed = of_it.perform(lambda feeds: feeds, Sample("a", "image", pixels))["input"]
    assert fed.shape == shape
    light = fed[0] if shape[1] in (1, 3) else fed[0].transpose(2, 0, 1)
    assert light[:, :2].max() == 0.0
    assert light[-1, 2:].min() == pytest.approx(1.0 if len(light) == 3 else 1 / 3)


def test_agreement_feeds_every_engine_the_same():
    of_it = task("silero-vad", "agreement")
    feeds = []

    def run(given):
        feeds.append(given)
        return {"output": given["input"] * 2}

    sample = Sample("a", "sound", np.ones(100, np.float32))
    one, other = of_it.perform(run, sample), of_it.perform(run, sample)
    assert np.array_equal(feeds[0]["state"], feeds[1]["state"])
    assert feeds[0]["input"].sum() == 100
    assert of_it.agree(one, other) == 1.0
    assert of_it.agree(one, {"output": one["output"] * 1.1}) == pytest.approx(0.9)
    assert of_it.agree(one, {"output": one["output"] * np.nan}) == 0.0
    assert of_it.agree(one, {}) == 0.0
    assert of_it.score([one], [sample]) is None
