"""The rows that a text classifier learns from: read, cleaned, parted; and where it is put."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

from sensorium.errors import EngineError
from sensorium.perception.word_list import WordList
from sensorium_tools.progress import Progress
from sensorium_tools.train.engine_folder import mend, placed, staged
from sensorium_tools.train.texts import (
    cleaning,
    files,
    similar,
    table,
    vocabulary,
)
from sensorium_tools.train.texts.split import FEWEST, commonest, split
from sensorium_tools.train.texts.table import Row


def test_no_group_is_on_two_sides_and_each_class_is_on_each():
    noise = np.random.default_rng(11)
    for seed in range(20):
        groups = np.sort(noise.integers(0, 150, 400))
        kinds = noise.integers(0, 3, 150)
        kinds[:10], kinds[20:140] = 2, noise.integers(0, 2, 120)
        truth = kinds[groups]
        sides = split(truth, groups, seed)
        assert sorted(np.concatenate(sides)) == list(range(400))
        of_sides = [set(groups[side]) for side in sides]
        assert not of_sides[0] & of_sides[1] | of_sides[0] & of_sides[2] | of_sides[1] & of_sides[2]
        for side in sides:
            assert set(truth[side]) == set(truth)
        assert 25 <= len(sides.test) <= 60
        again = split(truth, groups, seed)
        assert all(np.array_equal(a, b) for a, b in zip(sides, again, strict=True))


def test_each_class_keeps_texts_to_learn_from_however_its_groups_are_sized():
    # The nine small groups together are what a side may take.
    groups = np.repeat(np.arange(20), [1] * 9 + [100] + [1] * 10)
    truth = (groups >= 10).astype(np.int64)
    for seed in range(20):
        sides = split(truth, groups, seed)
        for kind in (0, 1):
            assert len(np.unique(groups[sides.training][truth[sides.training] == kind])) >= 6
            assert all(kind in truth[side] for side in sides)
    with pytest.raises(ValueError, match="class 1 has 9 groups, 10 are needed"):
        split(truth[:-1], groups[:-1], 0)


def test_a_group_counts_for_the_label_that_most_of_it_has():
    truth, groups = np.array([1, 2, 2, 1, 3, 0]), np.array([7, 4, 4, 4, 7, 5])
    assert commonest(truth, groups).tolist() == [2, 0, 1]
    rows = [Row(f"a{at} b{at} c{at} d{at} e{at} f{at} g{at} h{at}", "often") for at in range(12)]
    rows += [row._replace(text=f"{row.text}!") for row in rows]
    # Each text of this label is nearly the same as two of the other.
    rows += [Row(f"{row.text}?", "rare") for row in rows[:12]]
    rows += [Row(f"z{at} y{at} x{at}", "other") for at in range(FEWEST)]
    cleaned = cleaning.clean(rows)
    assert (cleaned.labels, cleaned.too_few) == (("often", "other"), {"rare": 0})
    sides = split(cleaned.truth, cleaned.groups, 0)
    assert all(set(cleaned.truth[side]) == {0, 1} for side in sides)


def test_nearly_the_same_texts_are_found_as_brute_force_finds_them():
    noise = np.random.default_rng(12)
    words = [f"w{at}" for at in range(60)]
    texts = []
    for _ in range(60):
        text = list(noise.choice(words, noise.integers(1, 14)))
        for _ in range(noise.integers(1, 4)):
            texts.append(" ".join(text))
            text[noise.integers(0, len(text))] = noise.choice(words)
    found = similar.groups(texts)
    sets = [
        set(split_) | set(itertools.pairwise(split_))
        for split_ in (text.split() for text in texts)
    ]
    root = list(range(len(texts)))
    for one in range(len(texts)):
        for other in range(one):
            alike = len(sets[one] & sets[other]) / len(sets[one] | sets[other])
            if alike >= similar.ALIKE:
                old, new = root[one], root[other]
                root = [new if each == old else each for each in root]
    assert [found[at] == found[to] for at in range(len(texts)) for to in range(at)] == [
        root[at] == root[to] for at in range(len(texts)) for to in range(at)
    ]
    same = similar.groups(["So good!", "so GOOD", "so bad", ":)", ":("])
    assert same.tolist() == [0, 0, 2, 3, 4]


def test_what_is_wrong_with_rows_is_counted():
    rows = [Row(f"text number {at} about {word}", word) for at in range(12) for word in "xy"]
    rows += [Row("Twice", "x"), Row("twice", "x"), Row("TWICE", "y")]
    rows += [Row("both", "x"), Row("both", "y")]
    rows += [Row(f"few {at} {at}", "z..z") for at in range(9)]
    cleaned = cleaning.clean(rows)
    assert cleaned.labels == ("x", "y")
    assert cleaned.found["duplicates"] == 3
    assert cleaned.found["contradictory"] == 1
    assert cleaned.too_few == {"z..z": 9}
    assert "Twice" in cleaned.texts
    assert "both" not in cleaned.texts
    with pytest.raises(EngineError, match="all 12 rows have one label, 'x'"):
        cleaning.clean([row for row in rows[:24] if row.label == "x"])
    with pytest.raises(EngineError, match="3 rows .* too few; .*'x' 2, 'y' 1"):
        cleaning.clean(rows[:3])
    with pytest.raises(EngineError, match="200 different ones"):
        cleaning.clean([Row(f"a {at}", f"{at}") for at in range(200)])


def read(path, data, **options):
    file = path / "data.csv"
    file.write_bytes(data)
    return table.read(file, Progress(), **options)


@pytest.mark.parametrize(
    ("data", "encoding", "texts"),
    [
        ("text,label\ncafé,x\n".encode(), "utf-8", ["café"]),
        ("text,label\ncafé,x\n".encode("utf-8-sig"), "utf-8-sig", ["café"]),
        ("text,label\ncafé,x\n".encode("utf-16"), "utf-16", ["café"]),
        ("text,label\ncafé “so”,x\n".encode("cp1252"), "cp1252", ["café “so”"]),
        (b'Label;id;TEXT\nx;1;"a; ""b""\nc"\n', "utf-8", ['a; "b" c']),
        (b"text\tlabel\na\0b\x07 c\tx\n", "utf-8", ["a b c"]),
        ("text,label\na\ud800b,x\n".encode("utf-8", "surrogatepass"), "utf-8", ["a b"]),
    ],
)
def test_files_of_many_kinds_are_read(tmp_path, data, encoding, texts):
    found = read(tmp_path, data)
    assert (found.encoding, [row.text for row in found.rows]) == (encoding, texts)
    assert {row.label for row in found.rows} == {"x"}


def test_rows_that_do_not_do_are_counted_and_a_large_file_is_drawn_from(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "MOST_ROWS", 50)
    lines = [
        b"text,label", b"alone", b" ,x", b"a,", b"a," + b"l" * 300, b"", b"\xff\x00y,x",
        b"w" * 9000 + b",x", *(b"text %d,x" % at for at in range(200)),
    ]
    found = read(tmp_path, b"\n".join(lines))
    assert found.counts == {
        "rows": 206, "short": 1, "empty": 2, "long labels": 1, "damaged": 1, "cut": 1,
        "not drawn": 152,
    }
    assert len(found.rows) == 50
    assert found.rows == read(tmp_path, b"\n".join(lines)).rows
    assert found.rows != read(tmp_path, b"\n".join(lines), seed=1).rows


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (b"", {}, "there are: none"),
        (b"i am happy,joy\n", {}, "'text' and 'label'; there are: 'i am happy', 'joy'"),
        (b"body,label\n", {}, "the columns 'text'; there are: 'body', 'label'"),
        (b"text,label\n", {"text": "label"}, "two different ones"),
        (b'text,label\n"a,x\n' + b"b,x\n" * 400_000, {}, "line .*field larger"),
        (b"\x89PNG\r\n" + bytes(100), {}, "is no text"),
        (b"text,label\n\xff,x\n", {"encoding": "utf-8"}, "cannot be read: .*0xff"),
        (b"text,label\n", {"encoding": "klingon"}, "no such encoding"),
    ],
)
def test_files_that_do_not_do_are_refused_with_a_remedy(tmp_path, data, options, said):
    with pytest.raises(EngineError, match=said) as refused:
        read(tmp_path, data, **options)
    assert refused.value.remedy


def test_no_file_and_a_folder_are_refused(tmp_path):
    for path, said in ((tmp_path / "none.csv", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(EngineError, match=said):
            table.read(path, Progress())


def test_the_words_of_training_are_those_of_the_daemon():
    texts = ["Good, GOOD!\tday\u2028now", "good day (now)", "", "!!!", "it's\u00a0\u201cnow\u201d"]
    words = vocabulary.vocabulary(texts)
    known = WordList(words, "test")
    for text, numbers in zip(texts, vocabulary.numbered(texts, words), strict=True):
        padded = known(text, 128)
        assert np.array_equal(padded[0, : len(numbers)], numbers)
        assert not padded[0, len(numbers) :].any()
        assert numbers.max() < vocabulary.size(words)
    assert [len(numbers) for numbers in vocabulary.numbered(texts, words)] == [4, 3, 1, 1, 2]


def listed(room):
    return sorted(path.relative_to(room).as_posix() for path in room.rglob("*"))


@pytest.mark.parametrize("put", [placed, staged])
@pytest.mark.parametrize("error", [KeyboardInterrupt, FileNotFoundError(2, "gone", "a sample")])
def test_folders_are_put_whole_or_not_at_all(tmp_path, put, error):
    one, other = tmp_path / "one", tmp_path / "other"
    with put(one, {"file": b"old"}):
        pass
    assert listed(tmp_path) == ["one", "one/file"]

    def stopped():
        with put(one, {"file": b"new"}), put(other, {"a": b"b"}):
            assert (one / "file").read_bytes() == (b"new" if put is placed else b"old")
            assert other.exists() == (put is placed)
            raise error

    # What goes wrong in the block is told as it is.
    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        stopped()
    assert listed(tmp_path) == ["one", "one/file"]
    assert (one / "file").read_bytes() == b"old"
    with put(one, {"more": b"new"}, private=True):
        pass
    assert listed(tmp_path) == ["one", "one/more"]
    assert (one / "more").read_bytes() == b"new"


@pytest.mark.parametrize("put", [placed, staged])
@pytest.mark.parametrize("step", [0, 1])
def test_ctrl_c_between_two_steps_leaves_the_old_folder(tmp_path, monkeypatch, put, step):
    one, left, move = tmp_path / "one", [step], os.replace
    with put(one, {"file": b"old"}):
        pass

    def moved(*paths):
        left[0] -= 1
        if left[0] == -1:
            raise KeyboardInterrupt
        move(*paths)

    def stopped():
        with put(one, {"file": b"new"}):
            pass

    monkeypatch.setattr(os, "replace", moved)
    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert listed(tmp_path) == ["one", "one/file"]
    assert (one / "file").read_bytes() == b"old"


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(EngineError, match="file.* cannot be written: Not a directory"),
        staged(tmp_path / "file" / "one", {"a": b"b"}),
    ):
        pass


def test_what_a_killed_process_left_of_a_folder_is_mended(tmp_path):
    """Killed by a signal that nothing catches, each at another step."""
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from sensorium_tools.train import engine_folder\n"
        "folder, step = Path(sys.argv[1]), int(sys.argv[2])\n"
        "move = os.replace\n"
        "def moved(*paths):\n"
        "    global step\n"
        "    if not step: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    step -= 1\n"
        "    move(*paths)\n"
        "os.replace = moved\n"
        "with engine_folder.placed(folder, {'file': b'new'}):\n"
        "    if not step: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    one = tmp_path / "one"
    for step in range(3):
        with staged(one, {"file": b"old"}):
            pass
        done = subprocess.run([sys.executable, "-c", program, str(one), str(step)], check=False)
        assert done.returncode == -9
        assert any(path.name.startswith(".one.") for path in tmp_path.iterdir())
        mend(one)
        assert listed(tmp_path) == ["one", "one/file"]
        assert (one / "file").read_bytes() == b"old"
    # Those of a process that runs, and of other folders, stay.
    others = [f".one.{os.getppid()}.part", ".one.x.old", ".only.1.old"]
    for name in others:
        (tmp_path / name).mkdir()
    mend(one)
    assert listed(tmp_path) == sorted(["one", "one/file", *others])


@pytest.mark.parametrize("name", ["", "..", "Über", "a/b", "a" * 60, "minilm"])
def test_a_name_that_cannot_be_or_is_taken_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))

    def check():
        files.check_name(name)
        files.check_free(name, None, replace=True)

    with pytest.raises(EngineError) as refused:
        check()
    assert "--name" in refused.value.remedy


def test_a_classifier_is_replaced_only_where_that_is_said(tmp_path):
    files.check_free("mine", tmp_path, replace=False)
    (tmp_path / "mine").mkdir()
    with pytest.raises(EngineError, match="there is an engine"):
        files.check_free("mine", tmp_path, replace=True)
    (tmp_path / "mine" / files.REPORT).write_text("{}")
    files.check_free("mine", tmp_path, replace=True)
    with pytest.raises(EngineError) as refused:
        files.check_free("mine", tmp_path, replace=False)
    assert "--replace" in refused.value.remedy


def test_a_set_of_the_user_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    _, kept = files.places("mine", None)
    with placed(kept, files.samples(kept.name, "a.csv", {"evaluation": [("x", "a text")]})):
        pass
    files.check_free("mine", None, replace=True)
    for path, data in ((kept / "evaluation.tsv", b"x\tmy own text\n"), (kept / "more.tsv", b"")):
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(data)
        with pytest.raises(EngineError, match="mine-texts: .* not made by this command") as refused:
            files.check_free("mine", None, replace=True)
        assert "move that folder away" in refused.value.remedy
        assert path.read_bytes() == data
        path.unlink() if before is None else path.write_bytes(before)
    files.check_free("mine", tmp_path / "elsewhere", replace=True)
    for path in kept.iterdir():
        path.unlink()
    files.check_free("mine", None, replace=True)
