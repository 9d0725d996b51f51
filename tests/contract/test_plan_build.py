"""Plans for RTX: the real builder, without a GPU. What it lists says which layers are INT8."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from fixtures import small_models
from onnx import helper

from sensorium.errors import EngineError
from sensorium_tools.plan import build
from sensorium_tools.plan.layers import weighted_int8

pytestmark = pytest.mark.skipif(
    bool(build.missing()), reason=f"no plan can be built: {build.missing()}"
)


def unheard(step: str, done: int, of: int) -> None:
    pass


@pytest.mark.parametrize(
    ("model", "layers"), [(small_models.cnn(), 3), (small_models.perceptron(), 2)],
    ids=["cnn", "perceptron"],
)
def test_every_weighted_layer_of_an_s8s8_graph_is_int8(model, layers, tmp_path):
    card = small_models.card(model)
    plan = build.build_plan(small_models.s8s8(model, tmp_path), card, unheard)
    assert weighted_int8(plan.layers) == (layers, ())
    assert plan.compute == build.COMPUTE
    assert not plan.left_out
    assert not plan.warnings


def test_the_same_graph_gives_the_same_plan(tmp_path):
    model = small_models.cnn()
    data = small_models.s8s8(model, tmp_path)
    card = small_models.card(model, compute=("8.6",))
    first, second = (build.build_plan(data, card, unheard).data for _ in range(2))
    assert first == second


def test_an_fp32_graph_has_its_layers_named_even_where_a_kernel_is_generated():
    model = small_models.cnn()
    plan = build.build_plan(model.SerializeToString(), small_models.card(model), unheard)
    int8, others = weighted_int8(plan.layers)
    assert int8 == 0
    assert [other.split(",")[0] for other in others] == ["conv1", "conv2", "head"]


def test_a_size_that_varies_gets_its_profile_from_the_axes(tmp_path):
    model = small_models.cnn(batch="batch")
    card = small_models.card(model, axes=(small_models.BATCH,))
    plan = build.build_plan(small_models.s8s8(model, tmp_path), card, unheard)
    assert weighted_int8(plan.layers)[0] == 3


def test_a_size_that_varies_without_the_card_saying_so_is_refused():
    model, fixed = small_models.cnn(batch="batch"), small_models.cnn()
    with pytest.raises(EngineError, match=r"image \(-1, 3, 32, 32\) varies and has no profile"):
        build.build_plan(model.SerializeToString(), small_models.card(fixed), unheard)


def test_turing_is_left_out_where_the_graph_does_not_build_for_it():
    model = small_models.cnn()
    card = small_models.card(model, compute=("7.5", "8.6"))
    plan = build.build_plan(model.SerializeToString(), card, unheard)
    assert plan.compute == ("8.6",)
    assert "7.5" in plan.left_out
    assert "GEMM" in plan.left_out


def test_a_node_that_the_parser_refuses_is_named():
    model = small_models.perceptron()
    model.graph.node[1].CopyFrom(helper.make_node("Wobble", ["h"], ["r"], name="strange"))
    with pytest.raises(EngineError, match=r"node strange \(Wobble\)"):
        build.build_plan(model.SerializeToString(), small_models.card(model), unheard)


@pytest.mark.parametrize("data", [b"", b"not onnx", b"\x08\x0a" * 300])
def test_what_is_not_a_graph_is_refused(data):
    with pytest.raises(EngineError, match="small: "):
        build.build_plan(data, small_models.card(small_models.cnn()), unheard)


def test_a_truncated_graph_is_refused():
    model = small_models.cnn()
    data = model.SerializeToString()
    for length in (10, 1000, len(data) // 2, len(data) - 3):
        with pytest.raises(EngineError, match="small: "):
            build.build_plan(data[:length], small_models.card(model), unheard)


def test_a_garbled_graph_is_built_or_refused_and_never_more(tmp_path):
    model = small_models.cnn()
    data, card = small_models.s8s8(model, tmp_path), small_models.card(model)
    refused = 0
    for seed in range(12):
        random = np.random.default_rng(seed)
        garbled = bytearray(data)
        for place in random.integers(0, len(data), 10):
            garbled[place] = random.integers(0, 256)
        try:
            build.build_plan(bytes(garbled), card, unheard)
        except EngineError:
            refused += 1
    assert refused


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", r"crashed \(SIGSEGV\)"),
        ("os._exit(7)", "it ended with 7"),
        ("raise OSError('no such library')", "no such library"),
        ("signal.pause()", "no answer within 1 s"),
    ],
)
def test_a_builder_that_crashes_or_hangs_ends_its_child_alone(does, said, tmp_path, monkeypatch):
    (tmp_path / "broken_builder.py").write_text(f"import os, signal\n{does}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(build.MODULES, "rtx", "broken_builder")
    model = small_models.cnn()
    with pytest.raises(EngineError, match=said):
        build.build_plan(
            model.SerializeToString(), small_models.card(model), unheard,
            timeout_s=1.0 if "pause" in does else 60.0,
        )


PROGRAM = """
import sys
from fixtures import small_models
from sensorium_tools.plan import build
model = small_models.cnn()
def told(step, done, of):
    print(step, flush=True)
    while step == "build":
        pass
build.build_plan(model.SerializeToString(), small_models.card(model), told)
"""


def test_ctrl_c_ends_both_and_leaves_no_file(tmp_path):
    command = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env={**os.environ, "TMPDIR": str(tmp_path),
                        "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    with command:
        assert command.stdout is not None
        while command.stdout.readline().strip() != "build":
            assert command.poll() is None
        assert list(tmp_path.iterdir())
        command.send_signal(signal.SIGINT)
        command.wait(60)
    assert command.returncode != 0
    deadline = time.monotonic() + 60
    while list(tmp_path.glob("sensorium-plan-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not list(tmp_path.glob("sensorium-plan-*"))
