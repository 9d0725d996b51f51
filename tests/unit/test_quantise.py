"""Quantised graphs compute what fp32 computes, within what eight bits permit."""

from __future__ import annotations

import itertools

import numpy as np
import onnx
import onnxruntime
import pytest
from fixtures import graphs
from onnx import helper, numpy_helper

from sensorium.errors import EngineError
from sensorium.inference.card_tables import Quantisation
from sensorium_tools.graph_run import GraphRun
from sensorium_tools.opset import raised
from sensorium_tools.progress import Progress
from sensorium_tools.quantise.dynamic import DynamicQuantiser
from sensorium_tools.quantise.half import to_half
from sensorium_tools.quantise.lint import weighted_in_int8
from sensorium_tools.quantise.prepare import prepare
from sensorium_tools.quantise.recorder import Recorder
from sensorium_tools.quantise.sensitivity import rank
from sensorium_tools.quantise.static import StaticQuantiser
from sensorium_tools.verify.error import MOST_DB, snr_db


def feeds(count: int, seed: int = 0) -> list[dict[str, np.ndarray]]:
    noise = np.random.default_rng(seed)
    return [
        {"image": noise.standard_normal((1, 3, 32, 32)).astype(np.float32)} for _ in range(count)
    ]


def static(model=None, given=None, **recipe) -> StaticQuantiser:
    data = (model or graphs.cnn()).SerializeToString()
    given = feeds(8) if given is None else given
    return StaticQuantiser(
        "cnn", prepare("cnn", data), Quantisation(scheme="static", **recipe), given
    )


@pytest.mark.parametrize("calibrator", ["minmax", "entropy", "percentile"])
def test_both_artefacts_are_within_eight_bits_of_fp32(calibrator: str) -> None:
    """20 to 40 dB: 6 dB a bit of weights and data, less what a sum of four layers loses."""
    reference = GraphRun("cnn", graphs.cnn().SerializeToString())
    made = static(calibrator=calibrator)
    for target, as_written in (("cpu", False), ("cpu", True), ("tensorrt", True)):
        run = GraphRun("cnn", made.quantise(target), as_written=as_written)
        assert snr_db(reference, run, feeds(4, seed=1)) > 20, (target, as_written)


def test_the_graph_for_the_cpu_does_not_saturate() -> None:
    """ONNX Runtime's INT8 kernels and its plain arithmetic give the same numbers."""
    made = static()
    data = made.quantise("cpu")
    fused, plain = GraphRun("cnn", data), GraphRun("cnn", data, as_written=True)
    assert snr_db(plain, fused, feeds(4, seed=1)) > 30


def test_ranges_are_measured_once_for_both_targets() -> None:
    class Once(list):
        reads = 0

        def __iter__(self):
            Once.reads += 1
            return super().__iter__()

    made = static(given=Once(feeds(4)))
    one, other = made.quantise("cpu"), made.quantise("tensorrt")
    scales = [
        {tensor.name: numpy_helper.to_array(tensor) for tensor in
         onnx.load_from_string(data).graph.initializer if tensor.name == "image_scale"}
        for data in (one, other)
    ]
    assert Once.reads <= 2
    assert len(scales[0]) == len(scales[1]) == 1
    assert made.quantise("cpu") == one


def test_excluded_and_kept_layers_stay_in_fp32() -> None:
    made = static(exclude=("conv[12]",))
    assert made.nodes == ["conv3", "head"]
    inside, outside = weighted_in_int8(onnx.load_from_string(made.quantise("cpu", ["head"])))
    assert (inside, sorted(outside)) == (["conv3"], ["conv1", "conv2", "head"])


def test_the_layer_that_int8_hurts_is_found() -> None:
    """One weight a hundred times the others: on one scale they all become 0."""
    model = graphs.cnn()
    for tensor in model.graph.initializer:
        if tensor.name == "w2":
            values = numpy_helper.to_array(tensor).copy()
            values[0, 0, 0, 0] *= 100
            tensor.CopyFrom(numpy_helper.from_array(values, "w2"))
    reference = GraphRun("cnn", model.SerializeToString())
    made = static(model, per_channel=False)
    found = rank("cnn", made, reference, feeds(4), Progress())
    assert found[0][0] == "conv2"
    assert found[0][1] < found[1][1] - 3
    worst = snr_db(reference, GraphRun("cnn", made.quantise("cpu")), feeds(4, 1))
    mended = snr_db(reference, GraphRun("cnn", made.quantise("cpu", ["conv2"])), feeds(4, 1))
    assert mended > worst + 3


def matmul():
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["b"], "relu"),
        helper.make_node("MatMul", ["b", "w2"], ["y"], "second"),
    ]
    return graphs.model(
        nodes, {"x": [1, 8, 64]}, {"y": [1, 8, 64]},
        [graphs.weights("w1", 64, 64), graphs.weights("w2", 64, 64)],
    )


def test_dynamic_is_within_eight_bits_of_fp32() -> None:
    data = matmul().SerializeToString()
    made = DynamicQuantiser("m", prepare("m", data), Quantisation(scheme="dynamic"))
    assert made.nodes == ["first", "second"]
    given = [{"x": np.random.default_rng(1).standard_normal((1, 8, 64)).astype(np.float32)}]
    assert snr_db(GraphRun("m", data), GraphRun("m", made.quantise("cpu")), given) > 25
    with pytest.raises(EngineError, match="no dynamic quantisation"):
        made.quantise("tensorrt")


def test_fp16_is_half_as_large_and_close() -> None:
    data = graphs.cnn(channels=32).SerializeToString()
    half = to_half("cnn", prepare("cnn", data))
    assert 0.45 < len(half) / len(data) < 0.65
    assert snr_db(GraphRun("cnn", data), GraphRun("cnn", half), feeds(4)) > 45


def test_the_same_graph_has_the_largest_signal_to_noise() -> None:
    run = GraphRun("cnn", graphs.cnn().SerializeToString())
    assert snr_db(run, run, feeds(2)) == MOST_DB


def test_signal_to_noise_is_that_of_its_definition() -> None:
    """A tenth of the amplitude is 20 dB (10 log10 of 100)."""
    values = np.random.default_rng(0).standard_normal(1000)

    def reference(_):
        return {"y": values}

    def other(_):
        return {"y": values * 1.1}

    assert snr_db(reference, other, [{}]) == pytest.approx(20.0, abs=1e-6)


def test_a_recorder_keeps_an_even_share() -> None:
    recorder = Recorder("m", lambda feeds: feeds, 8)
    for number in range(100):
        recorder({"x": np.float32([number])})
    kept = [float(given["x"][0]) for given in recorder.feeds]
    assert 4 <= len(kept) <= 8
    assert kept == sorted(kept)
    assert len({round(b - a) for a, b in itertools.pairwise(kept)}) == 1


def test_a_recorder_refuses_what_is_not_finite() -> None:
    recorder = Recorder("m", lambda feeds: feeds, 8)
    with pytest.raises(EngineError, match="x that is not finite"):
        recorder({"x": np.float32([1, np.nan])})


def test_nothing_to_calibrate_on_is_refused_with_the_place_to_look() -> None:
    with pytest.raises(EngineError, match="no calibration sample") as caught:
        static(given=[])
    assert "evaluation.sets" in caught.value.remedy


def test_samples_of_another_shape_are_refused() -> None:
    made = static(given=[{"image": np.zeros((1, 3, 16, 16), np.float32)}])
    with pytest.raises(EngineError, match="cannot be quantised"):
        made.quantise("cpu")


def test_a_graph_of_an_old_opset_is_raised_to_where_channels_have_scales() -> None:
    new, old = (graphs.cnn(size=16, channels=8) for _ in range(2))
    del old.opset_import[:]
    old.opset_import.append(helper.make_opsetid("", 11))
    made = onnx.load_from_string(raised(old.SerializeToString()))
    assert [entry.version for entry in made.opset_import] == [13]
    assert raised(new.SerializeToString()) == new.SerializeToString()
    image = np.random.default_rng(0).normal(size=(1, 3, 16, 16)).astype(np.float32)
    before, after = (
        onnxruntime.InferenceSession(each.SerializeToString()).run(None, {"image": image})[0]
        for each in (old, made)
    )
    np.testing.assert_array_equal(before, after)
    # What the converter cannot express stays.
    old.graph.node[0].op_type = "Nothing"
    assert raised(old.SerializeToString()) == old.SerializeToString()
