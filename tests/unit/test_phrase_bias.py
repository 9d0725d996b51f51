"""The tree of phrases against every expansion written out, and what a bias does to a text."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sensorium.perception.commands.vocabulary_file import read
from sensorium.perception.phrase_bias import PhraseBias, completed
from sensorium.perception.phrase_search import CLEAR, MOST_STEPS
from sensorium.perception.phrase_tree import PhraseTree, Spelling, closure
from sensorium.perception.whisper_decoding import MOST_RETURNS, Decoder
from sensorium.perception.whisper_pairs import Pairs
from sensorium.perception.whisper_text import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|nospeech|>", "<|notimestamps|>", "<|0.00|>")
LETTERS = [*"ĠabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?"]
PAIRS = ["Ġt", "Ġp", "Ġta", "ut", "Ġput", "re", "Ġtre", "bu", "Ġth", "Ġthe", "le", "Ġtab", "Ġ4",
         "40"]
WHISPER = Vocabulary.parse(
    {"vocabulary": "\n".join([*LETTERS, *PAIRS, *SPECIAL]), "suppressed": "",
     "suppressed_at_start": ""},
    "test",
)
GAME = """
app = "game"
gate = "always"
[slots.thing]
values = ["trebuchet", "table top", "tre", "Mc Tab"]
[slots.level]
kind = "number"
[[commands]]
name = "put"
phrases = ["[now] put (the|a) {thing} down", "put {thing:first} in {thing:second}"]
[[commands]]
name = "level"
phrases = ["level {level} please"]
[[commands]]
name = "find"
phrases = ["find {anything}"]
"""
VALUES = ("trebuchet", "table top", "tre", "Mc Tab")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[PhraseTree, Spelling]:
    path: Path = tmp_path_factory.mktemp("game") / "game.toml"
    path.write_text(GAME)
    spelling = Spelling.of(WHISPER)
    made = PhraseTree(read(path), spelling)
    for _ in made.add():
        pass
    return made, spelling


def expansions() -> list[str]:
    """Every phrase without numbers and free words, multiplied out."""
    found = [
        f"{now}put {article} {value} down"
        for now, article, value in itertools.product(("", "now "), ("the", "a"), VALUES)
    ]
    return found + [f"put {one} in {other}" for one, other in itertools.product(VALUES, VALUES)]


def tokens_of(text: str, spelling: Spelling) -> tuple[int, ...]:
    return tuple(
        token for word in text.split() for token in spelling.pairs.tokens(f" {word}")
    )


def walked(text: str, tree: PhraseTree, spelling: Spelling) -> tuple[bool, bool]:
    """Whether a text begins a phrase, and whether it is one."""
    states = closure([(tree.root, None)])
    for token in tokens_of(text, spelling):
        after = [tree.follow(state, token) for state in states]
        states = closure([state for state in after if state is not None])
    return bool(states), bool(completed({(0, state): 1 for state in states}))


def test_pairs_are_joined_in_the_order_of_their_rank() -> None:
    pairs = Pairs(WHISPER)
    assert [WHISPER.tokens[token] for token in pairs.tokens(" put the tre")] == [
        "Ġput", "Ġthe", "Ġtre"
    ]
    assert WHISPER.text(pairs.tokens(" table, 40?")) == "table, 40?"
    assert pairs.tokens(" #") == ()


def test_the_tree_holds_every_expansion_and_its_prefixes_and_no_other(tree) -> None:
    every = {tuple(text.lower().split()) for text in expansions()}
    made, spelling = tree
    written = {text: tokens_of(" ".join(text), spelling) for text in every}
    begun = {tokens[:count] for tokens in written.values() for count in range(len(tokens) + 1)}
    words = sorted({word for text in every for word in text})
    for count in range(1, 4):
        for text in itertools.product(words, repeat=count):
            starts, whole = walked(" ".join(text), made, spelling)
            tokens = tokens_of(" ".join(text), spelling)
            assert (starts, whole) == (tokens in begun, text in every), text
    for text in expansions():
        for way in (text, text.lower(), text.capitalize(), text.title()):
            assert walked(way, *tree) == (True, True), way
        assert walked(f"{text} x", *tree) == (False, False)


def test_numbers_are_passed_and_free_words_end_what_is_waited_for(tree) -> None:
    for number in ("40", "4", "4.0"):
        assert walked(f"level {number} please", *tree) == (True, True)
    assert walked("level please", *tree) == (False, False)
    assert walked("find me", *tree) == (False, False)


def follow(bias: PhraseBias, text: str):
    follower = bias.begin()
    for token in Pairs(WHISPER).tokens(text):
        follower = follower.take(token)
    return follower


def test_only_a_sentence_that_is_a_phrase_has_earned(tree) -> None:
    made, spelling = tree
    bias = PhraseBias((made,), spelling, 2.0)
    count = len(spelling.pairs.tokens(" put the tre down"))
    assert follow(bias, " put the tre down.").earned == count
    assert follow(bias, " put the tre down").take(WHISPER.end).earned == count
    # An abandoned prefix leaves nothing, and nothing is raised until a sentence ends.
    for text in (
        " put the tre.", " put the cat", " put the tre down now.", " the put the tre down.",
    ):
        assert follow(bias, text).earned == 0
    lost = follow(bias, " put the cat")
    assert not lost.within
    flat = np.zeros(len(WHISPER.tokens), np.float32)
    assert not lost.raised(flat).any()
    assert follow(bias, " put the cat.").raised(flat).any()
    raised = follow(bias, " put").raised(flat)
    assert set(np.unique(raised)) == {0, 2}
    assert raised[WHISPER.tokens.index("Ġthe")] == 2


class Script:
    """A decoder whose preferences follow the text so far, with a cache that must hold it."""

    def __init__(self, likes: dict[str, dict[str, float]]) -> None:
        self.likes = likes

    def __call__(self, feeds):
        position = int(feeds["position"][0])
        tokens = feeds["token"][:, 0]
        logits = np.full((len(tokens), len(WHISPER.tokens)), -30.0, np.float32)
        for row, token in enumerate(tokens):
            before = feeds["cache_k_0"][row, 0, 0, :position].astype(int).tolist()
            said = "".join(WHISPER.tokens[each] for each in [*before, token][2:])
            for text, value in self.likes.get(said, {"<|endoftext|>": 0.0}).items():
                logits[row, WHISPER.tokens.index(text)] = value
        row_of_each = tokens.astype(np.float32)[:, None, None]
        return {
            "logits": logits, "new_k_0": row_of_each[..., None], "new_v_0": row_of_each[..., None],
            "alignment": row_of_each,
        }



CROSS = {
    "cross_k_0": np.zeros((1, 1, 1, 1), np.float32), "cross_v_0": np.zeros((1, 1, 1, 1), np.float32)
}


def decode(likes, bias=None, width=1):
    return Decoder(Script(likes), WHISPER, width=width).decode(CROSS, bias=bias)


def test_in_doubt_the_models_own_text_is_the_likeliest_with_a_bias_too(tree) -> None:
    made, spelling = tree
    bias = PhraseBias((made,), spelling, 2.0)
    # "a" alone is likelier at first and much less likely in the end than "bc".
    likes = {"": {"a": 1.0, "b": 0.0}, "b": {"c": 0.0}}
    likes["a"] = dict.fromkeys([*"defghijklmnopqrstuvwxyz", "<|endoftext|>"], 0.0)
    assert decode(likes).text[0] == "a"
    for each in (None, bias):
        assert decode(likes, each, 5).text == "bc"
    assert decode(likes, bias, 5) == decode(likes, None, 5)
    assert decode(likes, bias, 5).alignment[:, 0, 0].tolist()[2:] == [
        WHISPER.tokens.index(letter) for letter in "bc"
    ]


def test_in_doubt_a_phrase_is_heard_as_without(tree) -> None:
    made, spelling = tree
    bias = PhraseBias((made,), spelling, 2.0)
    for likes in (far(tree, 1.0, "", 0), far(tree, 3.3)):
        alone, beside = decode(likes, bias), decode(likes, bias, 2)
        assert beside.text == alone.text == "put the tre down"
        assert beside.chances == alone.chances
        assert beside.alignment.tolist() == alone.alignment.tolist()
        assert beside.unbiased == decode(likes, None, 2)
    assert decode(far(tree, 8.5), bias, 5) == decode(far(tree, 8.5))


def test_a_text_leans_to_a_phrase_only_where_it_ends_with_one(tree) -> None:
    made, spelling = tree
    bias = PhraseBias((made,), spelling, 2.0)
    likes = {"": {"a": 1.0, "Ġput": 0.0}, "Ġput": {"Ġtre": 0.0}, "ĠputĠtre": {"Ġ": 0.0}}
    # " put tre" is begun and never ended: the model's own text, as without a bias.
    plain, leaned = decode(likes), decode(likes, bias)
    assert leaned == plain
    assert leaned.alignment.tolist() == plain.alignment.tolist()
    assert plain.text == "a"


def test_a_phrase_that_is_said_to_its_end_is_heard_with_the_models_own_chances(tree) -> None:
    made, spelling = tree
    names = [WHISPER.tokens[token] for token in spelling.pairs.tokens(" put the tre down")]
    likes = {"".join(names[:at]): {name: 0.0} for at, name in enumerate(names)}
    at = names.index("Ġtre")
    likes["".join(names[:at])] = {"x": 1.0, "Ġtre": 0.0}
    assert decode(likes).text == "put thex"
    heard = decode(likes, PhraseBias((made,), spelling, 2.0))
    assert heard.text == "put the tre down"
    assert heard.unbiased == decode(likes)
    assert heard.chances[at] == pytest.approx(1 / (1 + np.e), rel=1e-3)
    prompt = WHISPER.prompt("en")
    assert heard.alignment[:, 0, 0].tolist() == [*prompt, *heard.tokens]
    # A weight that does not make good for what it costs changes nothing.
    assert decode(likes, PhraseBias((made,), spelling, 0.05)) == decode(likes)


def far(
    tree: tuple[PhraseTree, Spelling], apart: float, more: str = "redown", doubt: int = 10
) -> dict:
    """A model that likes another text than a phrase: at one token, by so much.

    Args:
        tree: Of the phrases.
        apart: Of the logits.
        more: What it goes on with.
        doubt: How many other first letters are nearly as likely.
    """
    names = [WHISPER.tokens[token] for token in tree[1].pairs.tokens(" put the tre down")]
    likes = {"".join(names[:at]): {name: 0.0} for at, name in enumerate(names)}
    likes[""] |= dict.fromkeys(LETTERS[1 : doubt + 1], -0.1)
    at = names.index("Ġtre")
    likes["".join(names[:at])] = {"x": apart, "Ġtre": 0.0}
    for count in range(len(more)):
        likes["".join((*names[:at], "x", more[:count]))] = {more[count]: 0.0}
    return likes


def test_a_phrase_with_one_token_that_leaning_does_not_reach_is_found_as_a_whole(tree) -> None:
    made, spelling = tree
    bias = PhraseBias((made,), spelling, 2.0)
    near, beyond = far(tree, 3.0), far(tree, 9.0)
    heard = decode(near, bias)
    assert heard.text == "put the tre down"
    assert (heard.unbiased, heard.whole) == (decode(near), True)
    assert heard.alignment[:, 0, 0].tolist() == [*WHISPER.prompt("en"), *heard.tokens]
    assert decode(beyond, bias) == decode(beyond)
    # What is much longer than a phrase is none.
    longer = far(tree, 3.0, "abcdefghijklmnopqrstuvw")
    assert decode(longer, bias).text == "put thexabcdefghijklmnopqrstuvw"


def test_neither_a_sure_text_nor_one_that_sounds_otherwise_becomes_a_phrase(tree) -> None:
    made, spelling = tree
    bias = PhraseBias((made,), spelling, 2.0)
    assert decode(far(tree, 3.0), bias).text == "put the tre down"
    assert decode(far(tree, 3.0, doubt=0), bias).text == "put thexredown"
    assert decode(far(tree, 3.0, "mimimi"), bias).text == "put thexmimimi"


def test_a_text_that_the_model_does_not_follow_must_sound_like_the_phrase(tree) -> None:
    made, spelling = tree
    bias = PhraseBias((made,), spelling, 9.0)
    letters = [*LETTERS[1:], *PAIRS]
    for more, text in (("redown", "put the tre down"), ("mim", "put thexmim")):
        likes = far(tree, 5.0, more)
        # What follows is one of many, each nearly as likely.
        for said, liked in likes.items():
            if "x" in said:
                likes[said] = {**dict.fromkeys(letters, -1.0), **liked}
        assert decode(likes).mean_log_probability < CLEAR
        assert decode(likes, bias).text == text


@pytest.mark.parametrize(("at", "text"), [("p", "level 4 please"), ("4", "level x please")])
def test_a_text_that_the_model_does_not_follow_gives_no_number_that_it_has_not(
    tree, at: str, text: str
) -> None:
    made, spelling = tree
    bias = PhraseBias((made,), spelling, 9.0)
    names = [WHISPER.tokens[token] for token in spelling.pairs.tokens(" level 4 please")]
    place = next(each for each, name in enumerate(names) if name.strip("Ġ") == at)
    own = [*names[:place], "Ġ", "x" if at == "4" else "b", *names[place + 1 :]]
    letters = dict.fromkeys([*LETTERS[1:], *PAIRS], -1.0)
    likes = {
        "".join(way[:each]): {**letters, name: 1.0}
        for way in (names, own) for each, name in enumerate(way)
    }
    likes["".join(names[:place])] = {**letters, own[place]: 2.0, names[place]: 1.0}
    assert decode(likes).mean_log_probability < CLEAR
    assert decode(likes).text != "level 4 please"
    assert decode(likes, bias).text == text


def test_the_search_for_a_phrase_takes_so_many_steps_at_most(tree) -> None:
    made, spelling = tree
    bias = PhraseBias((made,), spelling, 9.0)
    calls = []

    class Counted(Script):
        def __call__(self, feeds):
            calls.append(1)
            return super().__call__(feeds)

    # Everything is as likely as everything else.
    even = dict.fromkeys([*LETTERS, *PAIRS], 0.0)
    script = Counted({"": {"a": 3.0, **{token: 2.0 for token in even if token != "a"}}})
    script.likes["Ġput"] = script.likes["ĠputĠthe"] = script.likes["Ġnow"] = even
    Decoder(script, WHISPER).decode(CROSS, bias=bias)
    assert len(calls) <= 2 + 2 * (MOST_RETURNS + 2) + MOST_STEPS
