import contextlib
import json
import random
import re

import numpy as np
import pytest
from fixtures import sets

from sensorium.errors import EngineError
from sensorium_tools.progress import Progress
from sensorium_tools.samples import loading
from sensorium_tools.samples.intents import WORDS
from sensorium_tools.samples.sentence_templates import Templates


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    return tmp_path


def load(data_dir, reader, content, part="calibration", file="a.txt"):
    more = f'reader = "{reader}"\npaths = ["a.*"]'
    own = sets.source(part=part, more=more)
    sets.write(data_dir, "mine", "text", [own], {file: content.encode()})
    return loading.load("mine", "calibration", Progress())


def drawn(template, rules=None, lists=None, count=60):
    templates = Templates(rules or {}, lists or {}, WORDS)
    return {templates.sentence(template, np.random.default_rng(n)) for n in range(count)}


@pytest.mark.parametrize(
    ("template", "sentences"),
    [
        ("(a|b) c", {"a c", "b c"}),
        ("[the] lamp[s]", {"lamp", "lamps", "the lamp", "the lamps"}),
        ("(a;b)", {"a b", "b a"}),
        ("<two> {n}", {"x 4", "x 6", "y 4", "y 6"}),
        ("((a|b)|[c] d)", {"a", "b", "d", "c d"}),
        ("{word:slot}", {"in", "out"}),
    ],
)
def test_a_template_gives_all_of_its_sentences(template, sentences):
    lists = {
        "n": {"range": {"from": 4, "to": 7, "step": 2}},
        "word": {"values": [{"in": "in"}, "out"]},
    }
    assert drawn(template, {"two": "(x|y)"}, lists) == sentences


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("(a", "brackets must close"),
        ("a)", "brackets must close"),
        ("[a)", "brackets must close"),
        ("<none>", "no rule <none>"),
        ("{none}", "no words for the list {none}"),
        ("<loop>", "is deep"),
        ("(" * 60 + ")" * 60, "is deep"),
        ("a } b", "cannot be read"),
    ],
)
def test_a_template_that_is_none_is_refused(template, says):
    with pytest.raises(EngineError, match=re.escape(says)):
        drawn(template, {"loop": "a <loop>"})


def test_labelled_lines_become_samples(data_dir):
    made = load(data_dir, "labelled", "joy\tI am glad.\n\nfear\tWho is there?\n")
    assert {(sample.truth["class"], sample.data) for sample in made} == {
        ("joy", "I am glad."), ("fear", "Who is there?")
    }


def test_rated_lines_become_three_classes(data_dir):
    made = load(data_dir, "rated", "1_1\t-2.5\tbad &amp; ugly\n1_2\t0.1\tso so\n2_1\t3\tgood\n")
    assert {(sample.truth["class"], sample.data) for sample in made} == {
        ("negative", "bad & ugly"), ("neutral", "so so"), ("positive", "good")
    }
    assert len({sample.origin for sample in made}) == 2


def test_equal_reviews_are_on_one_side(data_dir):
    rows = "".join(f'"film {n % 20}<br />nice",{n % 2},x\n' for n in range(40))
    made = load(data_dir, "reviews", "text,label,source\n" + rows, "split", "a.csv")
    other = loading.load("mine", "evaluation", Progress())
    assert len(made) + len(other) == 40
    assert not {sample.data for sample in made} & {sample.data for sample in other}
    assert all(sample.data.endswith("nice") and "<" not in sample.data for sample in made)


@pytest.mark.parametrize(
    ("reader", "content", "says"),
    [
        ("labelled", "joy without a tab", "line 1: needs a class"),
        ("labelled", "", "no sample for calibration"),
        ("rated", "1\tmany\ttext", '"many" is no rating'),
        ("reviews", "text,label\nfine,7\n", "row 1 has no label 0 or 1"),
        ("intents", "[]", "not a file of intents"),
        ("intents", "{", "not a file of intents"),
        ("intents", '{"expansion_rules": {}, "lists": {}, "intents": {"a": 1}}', "not a file of"),
    ],
)
def test_a_file_that_is_none_is_named(data_dir, reader, content, says):
    with pytest.raises(EngineError, match=says):
        load(data_dir, reader, content)


@pytest.mark.parametrize("seed", range(30))
def test_garbled_intents_are_an_engine_error_or_still_sentences(data_dir, seed):
    whole = json.dumps(
        {
            "expansion_rules": {"the": "(the|my)"},
            "lists": {"n": {"range": {"from": 1, "to": 9}}, "w": {"values": ["on", {"in": "off"}]}},
            "intents": {"Turn": {"data": [{"sentences": ["turn <the> [big] lamp {w} {n}"]}]}},
        }
    )
    chance = random.Random(seed)
    letters = list(whole)
    for _ in range(3):
        letters[chance.randrange(len(letters))] = chr(chance.randrange(32, 127))
    with contextlib.suppress(EngineError):
        load(data_dir, "intents", "".join(letters))
