"""The search beside an exhaustive one and a plain one, over a made model of five tokens."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from sensorium.perception.whisper_beam import NEAR, Beam
from sensorium.perception.whisper_draft import Draft, Rules
from sensorium.perception.whisper_heard import Ending
from sensorium.perception.whisper_steps import Steps
from sensorium.perception.whisper_text import Vocabulary

WORDS = ("Ġa", "Ġb", "Ġc", "Ġd")
SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|nospeech|>", "<|notimestamps|>", "<|0.00|>")
VOCABULARY = Vocabulary.parse(
    {"vocabulary": "\n".join(WORDS + SPECIAL), "suppressed": "5 6 7", "suppressed_at_start": "4"},
    "test",
)
END, MOST = 4, 5
EVERY = 10**6
CROSS = {
    "cross_k_0": np.zeros((1, 1, 2, 3), np.float32), "cross_v_0": np.zeros((1, 1, 3, 2), np.float32)
}
Tokens = tuple[int, ...]


class Model:
    """Chances that follow the whole text, which stands in the cache alone."""

    def __init__(self, seed: int, sharp: float = 1.5) -> None:
        self.seed = seed
        self.sharp = sharp
        self.widths: list[int] = []

    def logits(self, text: Tokens) -> np.ndarray:
        noise = np.random.default_rng((self.seed, *text))
        return (self.sharp * noise.normal(size=len(VOCABULARY.tokens))).astype(np.float32)

    def __call__(self, feeds):
        position, tokens = int(feeds["position"][0]), feeds["token"][:, 0]
        self.widths.append(len(tokens))
        keys = feeds["cache_k_0"][:, 0, 1, :position].astype(int)
        assert (feeds["cache_v_0"][:, 0, :position, 0] == keys).all()
        assert np.isfinite(feeds["cache_k_0"]).all()
        row = tokens.astype(np.float32)[:, None, None, None] * np.ones((1, 1, 2, 1), np.float32)
        texts = [(*before.tolist(), int(token)) for before, token in zip(keys, tokens, strict=True)]
        return {
            "logits": np.stack([self.logits(text[1:]) for text in texts]),
            "new_k_0": row, "new_v_0": row.transpose(0, 1, 3, 2),
            "alignment": np.repeat(row[:, 0, :1], 3, axis=2),
        }

    def chances(self, text: Tokens) -> list[float]:
        """Of the next token, as the rules of Whisper's texts have it."""
        logits = self.logits(text).astype(float)
        logits[5:] = -math.inf
        if not text:
            logits[END] = -math.inf
        logits -= logits.max()
        return (logits - math.log(np.exp(logits).sum())).tolist()

    def logarithm(self, text: Tokens) -> float:
        """Of the chance of a text with its end."""
        steps = [self.chances(text[:at])[token] for at, token in enumerate((*text, END))]
        return math.fsum(steps)


def search(model: Model, width: int, near: float, begun: Tokens = ()) -> tuple[list[Draft], Steps]:
    steps = Steps(model, CROSS, MOST + 1)
    logits, logarithms = steps.take(VOCABULARY.start), []
    for at, token in enumerate(begun):
        logarithms.append(model.chances(begun[:at])[token])
        logits = steps.take(token)
    beam = Beam(Rules(VOCABULARY), width, near)
    return beam.search(steps, logits, Draft(begun, tuple(logarithms)), MOST), steps


def said(model: Model) -> dict[Tokens, float]:
    """Every text that the model may end, to the published score: its logarithm by its tokens."""
    texts = itertools.chain.from_iterable(
        itertools.product(range(4), repeat=count) for count in range(1, MOST)
    )
    return {text: model.logarithm(text) / len(text) for text in texts}


@pytest.mark.parametrize("seed", range(3))
def test_without_limits_the_best_of_all_texts_is_found(seed: int) -> None:
    model = Model(seed)
    every = said(model)
    found, _ = search(model, EVERY, math.inf)
    ended = [draft for draft in found if draft.ending is Ending.SAID]
    assert {draft.tokens for draft in ended} == set(every)
    assert found[: len(ended)] == ended
    assert found[0].tokens == max(every, key=every.__getitem__)
    for draft in ended:
        assert draft.score == pytest.approx(every[draft.tokens], rel=1e-4)


def plain_search(model: Model, width: int) -> tuple[Tokens, float]:
    """Beam search as CTranslate2 has it with patience 1, in sentences of its own."""
    live: list[tuple[float, Tokens]] = [(0.0, ())]
    ended: dict[Tokens, float] = {}
    while True:
        every = sorted(
            ((total + chance, (*text, token)) for total, text in live
             for token, chance in enumerate(model.chances(text)) if chance > -math.inf),
            reverse=True,
        )[: 2 * width]  # fmt: skip
        for total, text in every[:width]:
            if text[-1] == END:
                ended[text[:-1]] = total / len(text[:-1])
        live = [each for each in every if each[1][-1] != END][:width]
        if len(ended) >= width or len(live[0][1]) == MOST:
            best = max(ended, key=ended.__getitem__, default=live[0][1])
            return best, ended.get(best, math.nan)


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_without_a_threshold_it_is_the_search_of_ctranslate2(width: int) -> None:
    longer = 0
    for seed in range(25):
        model = Model(seed)
        found, _ = search(model, width, math.inf)
        expected, score = plain_search(model, width)
        assert found[0].tokens == expected, seed
        if not math.isnan(score):
            assert found[0].score == pytest.approx(score, rel=1e-4)
        longer += len(expected) > 1
    assert longer > 10


def test_a_wider_search_finds_likelier_texts() -> None:
    better = []
    for seed in range(60):
        alone, wide = (search(Model(seed), width, NEAR)[0][0] for width in (1, 5))
        if alone.ending is Ending.SAID:
            better.append(wide.score - alone.score)
    assert len(better) > 20
    assert np.mean(better) > 0.05
    assert np.mean(np.array(better) >= 0) > 0.9


def test_where_the_model_is_sure_one_text_goes_alone_and_is_the_greedy_one() -> None:
    for seed in range(20):
        sure, greedy = Model(seed, sharp=60.0), Model(seed, sharp=60.0)
        chances = [sure.chances(text) for text in ((), (0,), (1,), (2,), (3,))]
        if min(np.sort(each)[-1] - np.sort(each)[-2] for each in chances) < NEAR:
            continue
        wide, alone = search(sure, 5, NEAR)[0][0], search(greedy, 1, NEAR)[0][0]
        if set(sure.widths) == {1}:
            assert wide == alone
            assert sure.widths == greedy.widths


@pytest.mark.parametrize("near", [0.01, 2.0, math.inf])
def test_no_more_go_side_by_side_than_are_near(near: float) -> None:
    model = Model(3, sharp=1.0)
    search(model, 3, near)
    assert max(model.widths) == (3 if near > 1 else 1)


@pytest.mark.parametrize("seed", range(5))
def test_what_was_looked_at_is_that_of_the_text_itself(seed: int) -> None:
    found, steps = search(Model(seed), 4, math.inf)
    for draft in found:
        rows = steps.alignment(draft.row, len(draft.logarithms))
        given = draft.tokens if draft.ending is Ending.SAID else draft.tokens[:-1]
        assert rows[:, 0, 0].tolist() == [VOCABULARY.start, *given]


def test_a_text_that_was_begun_is_gone_on_with() -> None:
    model = Model(5)
    every = {text: score for text, score in said(model).items() if text[:2] == (2, 1)}
    found, _ = search(model, EVERY, math.inf, begun=(2, 1))
    assert found[0].tokens == max(every, key=every.__getitem__)
    assert found[0].score == pytest.approx(max(every.values()), rel=1e-4)


def test_behind_a_search_the_steps_go_back_to_one_text() -> None:
    model = Model(1)
    _, steps = search(model, 4, math.inf)
    steps.back(1)
    logits = steps.take(2)
    assert np.array_equal(logits, model.logits((2,)))
    assert np.array_equal(steps.take_each((0, 0), (1, 3))[1], model.logits((2, 3)))
    assert np.array_equal(steps.take_each((1,), (0,))[0], model.logits((2, 3, 0)))
    assert steps.alignment()[:, 0, 0].tolist() == [VOCABULARY.start, 2, 3, 0]
