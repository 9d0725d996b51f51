"""The networks of a text classifier: their gradients, their files, and how they learn."""


import numpy as np
import onnx
import onnx.reference
import onnxruntime
import openvino
import pytest

from sensorium.errors import EngineError
from sensorium_tools.train.temporal_network import Adam, Rows
from sensorium_tools.train.texts import (
    calibration,
    fit,
    graph,
    head,
    lstm,
    vocabulary,
)
from sensorium_tools.train.texts.split import split


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
