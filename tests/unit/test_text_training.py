"""Text classifiers: networks, sides, how sure they may be, and the files they learn from."""

import itertools

import numpy as np
import onnx
import onnx.reference
import onnxruntime
import openvino
import pytest
from scipy.optimize import minimize_scalar

from sensorium.errors import EngineError
from sensorium.perception.word_list import WordList
from sensorium_tools.progress import Progress
from sensorium_tools.train.engine_folder import placed
from sensorium_tools.train.temporal_network import Adam, Rows
from sensorium_tools.train.texts import (
    calibration,
    cleaning,
    files,
    fit,
    graph,
    head,
    lstm,
    scores,
    similar,
    table,
    vocabulary,
)
from sensorium_tools.train.texts.split import split
from sensorium_tools.train.texts.table import Row


def exact(model):
    """A network in double precision."""
    for name, value in vars(model).items():
        setattr(model, name, value.astype(np.float64))
    return model


def dense(model, gradient, at):
    if isinstance(gradient, Rows):
        whole = np.zeros_like(model.parameters[at])
        whole[gradient.places] = gradient.values
        return whole
    return gradient


def assert_finite_differences(model, batch, truth, masks):
    noise = np.random.default_rng(9)
    _, gradients = model.gradients(batch, truth, masks)
    for place, array in enumerate(model.parameters):
        gradient = dense(model, gradients[place], place)
        assert gradient.shape == array.shape
        largest = np.unravel_index(np.abs(gradient).argmax(), array.shape)
        drawn = [tuple(noise.integers(0, size) for size in array.shape) for _ in range(6)]
        for at in (largest, *drawn):
            kept, losses = array[at], []
            for step in (1e-5, -1e-5):
                array[at] = kept + step
                losses.append(model.gradients(batch, truth, masks)[0])
            array[at] = kept
            assert gradient[at] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("dropped", [False, True])
def test_the_lstms_gradients_are_finite_differences(dropped):
    noise = np.random.default_rng(1)
    model = exact(lstm.Lstm(9, 3, noise, wide=4, states=5))
    model.table *= 10
    texts = [noise.integers(1, 9, length) for length in (6, 1, 3, 6)]
    batch, masks = lstm.batch_of(texts), None
    if dropped:
        batch, masks = model.drop(batch, noise)
    assert_finite_differences(model, batch, np.array([0, 2, 1, 1]), masks)


def test_the_heads_gradients_are_finite_differences():
    noise = np.random.default_rng(2)
    model = exact(head.Head(6, 3, noise, hidden=5))
    batch, masks = model.drop(noise.normal(size=(7, 6)), noise)
    assert_finite_differences(model, batch, noise.integers(0, 3, 7), masks)


def test_what_a_text_is_filled_up_with_says_nothing():
    noise = np.random.default_rng(3)
    model = lstm.Lstm(20, 3, noise)
    short, long = np.array([3, 4]), noise.integers(1, 20, 30)
    alone = model.logits(lstm.batch_of([short]))[0]
    assert model.logits(lstm.batch_of([long, short]))[1] == pytest.approx(alone, abs=1e-6)


def test_a_word_that_is_not_there_learns_nothing():
    steps = []
    for sparse in (False, True):
        value = np.ones((4, 2), np.float32)
        optimiser = Adam([value])
        whole = np.zeros((4, 2), np.float32)
        whole[[1, 3]] = [[1, 2], [-3, 4]]
        given = Rows(np.array([1, 3]), whole[[1, 3]]) if sparse else whole
        for _ in range(3):
            optimiser.step([given], 0.1)
        steps.append(value)
    assert np.array_equal(*steps)
    assert (steps[0][[0, 2]] == 1).all()


@pytest.mark.parametrize("length", [1, 2, 17, 128])
def test_the_files_are_the_networks(length):
    noise = np.random.default_rng(length)
    words = vocabulary.vocabulary(["a b c d e"] * 2)
    model = lstm.Lstm(vocabulary.size(words), 4, noise)
    model.table *= 20
    model.out_bias += np.arange(4, dtype=np.float32)
    data = graph.of_lstm(model.parameters, 1.7, words)
    assert data == graph.of_lstm(model.parameters, 1.7, words)
    given = noise.integers(0, 7, (1, length))
    assert_all_say(data, {"words": given}, model.logits(lstm.batch_of(list(given))) / 1.7)
    of_embeddings = head.Head(384, 4, noise)
    given = noise.normal(size=(1, 384)).astype(np.float32)
    given /= np.linalg.norm(given)
    data = graph.of_head(of_embeddings.parameters, 0.6)
    assert_all_say(data, {"embedding": given}, of_embeddings.logits(given) / 0.6)


def assert_all_say(data, feeds, wanted):
    onnx.checker.check_model(data, full_check=True)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    assert np.abs(session.run(None, feeds)[0] - wanted).max() < 1e-5
    reference = onnx.reference.ReferenceEvaluator(onnx.load_from_string(data))
    assert np.abs(reference.run(None, feeds)[0] - wanted).max() < 1e-5
    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(data, b""), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    assert np.abs(compiled(feeds)[0] - wanted).max() < 1e-5


def test_a_file_of_another_network_is_refused():
    noise = np.random.default_rng(4)
    data = graph.of_head(head.Head(8, 2, noise).parameters, 1.0)
    with pytest.raises(EngineError, match="apart from the network"):
        graph.check(data, [np.ones((1, 8), np.float32)], np.full((1, 2), 9.0))


def test_training_learns_what_can_be_learned_and_stops():
    noise = np.random.default_rng(5)
    truth = noise.integers(0, 2, 400)
    # The class is one word, somewhere among others.
    texts = []
    for kind in truth:
        text = noise.integers(3, 40, noise.integers(2, 12))
        text[noise.integers(0, len(text))] = 1 + kind
        texts.append(text)
    sides = split(truth, np.arange(400), 0)
    lengths = np.array([len(text) for text in texts])
    told, losses = [], []
    for _ in range(2):
        drawn = np.random.default_rng(6)
        model = lstm.Lstm(41, 2, drawn, wide=16, states=16)
        data = fit.Data(
            lambda places: lstm.batch_of([texts[at] for at in places]), lengths, truth, sides
        )
        fitted = fit.fit(model, data, 5e-3, drawn, told.append)
        losses.append(fitted.loss)
        said = fit.scores(model, data, sides.test).argmax(-1)
        assert np.mean(said == truth[sides.test]) > 0.9
        left = calibration.loss_of(
            fit.scores(model, data, sides.validation), truth[sides.validation]
        )
        # The weights are those of the best epoch, not of the last.
        assert left == pytest.approx(fitted.loss, rel=1e-5)
        assert fitted.best <= fitted.epochs <= fit.MOST_EPOCHS
    assert losses[0] == losses[1]
    assert any("epoch 1" in line for line in told)


def test_every_text_is_in_one_batch_beside_others_of_its_length():
    noise = np.random.default_rng(7)
    lengths = noise.integers(1, 60, 1000)
    places = np.arange(200, 1000)
    cut = list(fit.batches(places, lengths, noise))
    assert sorted(np.concatenate(cut)) == places.tolist()
    assert np.mean([np.ptp(lengths[part]) for part in cut]) < 10


def test_the_temperature_is_the_papers():
    """Guo et al. 2017, section 4.2: it minimises the negative log-likelihood."""
    noise = np.random.default_rng(8)
    truth = noise.integers(0, 4, 3000)
    logits = noise.normal(size=(3000, 4))
    logits[np.arange(3000), truth] += 1.5
    # The true model says `logits`; an overconfident one three times that.
    found = calibration.temperature_of(logits * 3, truth)

    def loss(temperature):
        chances = np.exp(logits * 3 / temperature)
        chances /= chances.sum(-1, keepdims=True)
        return -np.log(chances[np.arange(3000), truth]).mean()

    by_scipy = minimize_scalar(loss, bounds=(0.5, 20), method="bounded", options={"xatol": 1e-6})
    assert found == pytest.approx(by_scipy.x, rel=2e-3)
    assert calibration.loss_of(logits * 3, truth, found) == pytest.approx(loss(found), rel=1e-9)
    before, after = (
        calibration.calibration_error(calibration.probabilities(logits * 3, t), truth)
        for t in (1.0, found)
    )
    assert after < before / 3
    # Which label is the surest does not change.
    assert (calibration.probabilities(logits, found).argmax(-1) == logits.argmax(-1)).all()
    assert calibration.temperature_of(np.eye(4)[truth] * 50, truth) == pytest.approx(0.5, rel=2e-3)


def test_the_calibration_error_is_the_papers():
    """Guo et al. 2017, equation 3: bins of equal width, (m - 1) / M < confidence <= m / M."""
    chances = np.array([[0.6, 0.4], [0.6, 0.4], [0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    truth = np.array([0, 1, 0, 0, 0])
    # Ten bins: 0.5 (right), two of 0.6 (half right), two of 0.9 (half right).
    wanted = (1 * abs(1 - 0.5) + 2 * abs(0.5 - 0.6) + 2 * abs(0.5 - 0.9)) / 5
    assert calibration.calibration_error(chances, truth, 10) == pytest.approx(wanted)
    noise = np.random.default_rng(10)
    drawn = noise.dirichlet(np.ones(5), 500)
    classes = noise.integers(0, 5, 500)
    sure, right = drawn.max(-1), drawn.argmax(-1) == classes
    summed = 0.0
    for low in np.arange(15) / 15:
        inside = (sure > low) & (sure <= low + 1 / 15)
        if inside.any():
            summed += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
    assert calibration.calibration_error(drawn, classes) == pytest.approx(summed)


def test_figures_are_those_of_the_confusion():
    truth, said = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0])
    counts = scores.confusion(said, truth, 3)
    assert counts.tolist() == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]
    first, second, third = scores.per_class(counts, ("a", "b", "c"))
    assert first == {
        "label": "a", "precision": 0.5, "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(4 / 7), "texts": 3,
    }
    assert second["precision"] == second["recall"] == second["f1"] == 0.5
    assert third["precision"] == third["recall"] == third["f1"] == 0


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


def test_folders_are_put_whole_or_not_at_all(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    with placed({one: {"file": b"old"}}):
        pass

    def stopped():
        with placed({one: {"file": b"new"}, other: {"a": b"b"}}):
            assert (one / "file").read_bytes() == b"new"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    assert (one / "file").read_bytes() == b"old"
    with placed({one: {"file": b"new"}}, private=True):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["one", "file"]
    assert (one / "file").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["", "..", "Über", "a/b", "a" * 60, "minilm"])
def test_a_name_that_cannot_be_or_is_taken_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.setenv("SENSORIUM_DATA_DIR", str(tmp_path))
    with pytest.raises(EngineError) as refused:
        files.check_name(name, None, replace=True)
    assert "--name" in refused.value.remedy


def test_a_classifier_is_replaced_only_where_that_is_said(tmp_path):
    files.check_name("mine", tmp_path, replace=False)
    (tmp_path / "mine").mkdir()
    with pytest.raises(EngineError, match="there is an engine"):
        files.check_name("mine", tmp_path, replace=True)
    (tmp_path / "mine" / files.REPORT).write_text("{}")
    files.check_name("mine", tmp_path, replace=True)
    with pytest.raises(EngineError) as refused:
        files.check_name("mine", tmp_path, replace=False)
    assert "--replace" in refused.value.remedy
