"""Greedy decoding around a decoder that says what it is told, with a cache that is looked into."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.perception.whisper import Whisper
from sensorium.perception.whisper_decoding import Decoder
from sensorium.perception.whisper_features import MAX_FRAMES
from sensorium.perception.whisper_heard import Ending
from sensorium.perception.whisper_loops import loop
from sensorium.perception.whisper_text import Vocabulary

WORDS = (*(f"Ġw{number}" for number in range(30)), ".", "Ġ")
SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|nospeech|>", "<|notimestamps|>", "<|0.00|>")
STOP, SPACE, END, SILENCE, TIME = 30, 31, 32, 34, 36
VOCABULARY = Vocabulary.parse(
    {
        "vocabulary": "\n".join(WORDS + SPECIAL),
        "suppressed": "7",
        "suppressed_at_start": f"{SPACE} {END}",
    },
    "test",
)
CROSS = {
    "cross_k_0": np.zeros((1, 2, 3, 9), np.float32), "cross_v_0": np.zeros((1, 2, 9, 3), np.float32)
}


class Speaker:
    """A decoder of one layer: its keys are the tokens; logits are what a script prefers."""

    def __init__(self, *preferences: tuple[int, ...]) -> None:
        self.preferences = preferences
        self.fed: list[int] = []

    def __call__(self, feeds):
        token, position = int(feeds["token"][0, 0]), int(feeds["position"][0])
        # What was written of the tokens before is there, and nothing else.
        assert feeds["cache_k_0"][0, 0, 0, :position].tolist() == self.fed
        assert feeds["cache_v_0"][0, 1, :position, 2].tolist() == self.fed
        assert not feeds["cache_k_0"][..., position:].any()
        self.fed.append(token)
        logits = np.zeros((1, len(VOCABULARY.tokens)), np.float32)
        at = position - 1
        wanted = self.preferences[min(at, len(self.preferences) - 1)] if at >= 0 else (SILENCE,)
        for rank, each in enumerate(wanted):
            logits[0, each] = 20 - 5 * rank
        return {
            "logits": logits,
            "new_k_0": np.full((1, 2, 3, 1), token, np.float32),
            "new_v_0": np.full((1, 2, 1, 3), token, np.float32),
            "alignment": np.full((1, 2, 9), token, np.float32),
        }


def heard(*preferences: tuple[int, ...], most: int = 60):
    return Decoder(Speaker(*preferences), VOCABULARY, most).decode(CROSS)


def test_the_likeliest_is_said_until_the_end() -> None:
    found = heard((1,), (2,), (3,), (END,))
    assert (found.tokens, found.text, found.ending) == ((1, 2, 3), "w1 w2 w3", Ending.SAID)
    assert -1e-3 < found.mean_log_probability < 0
    assert found.silence > 0.99


def test_each_token_has_its_chance_and_what_was_looked_at() -> None:
    found = heard((1, 5), (2,), (END,))
    assert len(found.chances) == 2
    assert all(0.99 < chance <= 1 for chance in found.chances)
    # Row by row the token that was given: the prompt's two, and the text's.
    assert found.alignment.shape == (4, 2, 9)
    assert found.alignment[:, 0, 0].tolist() == [*VOCABULARY.prompt("en"), 1, 2]


def test_what_is_suppressed_is_not_said() -> None:
    assert heard((7, TIME, 5), (TIME, 6), (END,)).tokens == (5, 6)
    assert heard((END, SPACE, 4), (SPACE,), (END,)).tokens == (4, SPACE)


def test_a_text_is_capped() -> None:
    speaker = Speaker(*((number % 29,) for number in range(40)))
    found = Decoder(speaker, VOCABULARY, 10).decode(CROSS)
    assert (len(found.tokens), found.ending) == (10, Ending.CAPPED)
    assert len(speaker.fed) == len(VOCABULARY.prompt("en")) + 9
    assert len(heard((1,), (2,), (3,), (4,), most=3).tokens) == 3


def test_a_loop_is_left_once_up_to_the_end_of_its_sentence() -> None:
    before, sentence = [(1,), (2,), (STOP,)], [(3,), (4,), (5,), (STOP,)]
    found = heard(*before, *sentence * 9, (END,))
    assert (found.text, found.ending) == ("w1 w2. w3 w4 w5.", Ending.LOOP)
    assert heard((1,), *[(2,)] * 50, (END,)).tokens == (1, 2)


@pytest.mark.parametrize(
    ("tokens", "length"),
    [((), 0), ((1,) * 11, 0), ((1,) * 12, 1), ((9, *(1, 2) * 6), 2), ((1, 2) * 5, 0),
     ((1, 2, 3, 4) * 3, 4), (tuple(range(24)) * 3, 24), (tuple(range(25)) * 4, 0),
     ((*(1, 2, 3, 4) * 3, 5), 0)],
)  # fmt: skip
def test_a_loop_is_three_times_and_twelve_tokens(tokens, length: int) -> None:
    assert loop(tokens) == length


@pytest.mark.parametrize(("heals", "ending"), [(True, Ending.SAID), (False, Ending.LOOP)])
def test_a_loop_is_tried_again_with_twice_the_silence(heals: bool, ending: Ending) -> None:
    frames: list[int] = []

    def encode(feeds):
        frames.append(feeds["mel"].shape[2])
        return CROSS

    def decode(feeds):
        fine = heals and len(frames) == 2
        speaker.preferences = ((1,), (2,), (END,)) if fine else ((1,),)
        if feeds["position"][0] == 0:
            speaker.fed.clear()
        return speaker(feeds)

    speaker = Speaker((1,))
    found = Whisper(encode, Decoder(decode, VOCABULARY), 800).hear(np.zeros(16_000, np.float32))
    assert (frames, found.ending) == ([800, 1600], ending)
    assert found.tokens == ((1, 2) if heals else (1,))
    frames.clear()
    Whisper(encode, Decoder(decode, VOCABULARY), MAX_FRAMES).hear(np.zeros(16_000, np.float32))
    assert frames == [MAX_FRAMES]
