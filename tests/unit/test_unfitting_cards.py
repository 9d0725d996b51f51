"""A card that does not fit its task is refused by name, with what the task needs and it has."""

from __future__ import annotations

import dataclasses
import re
import shutil
from typing import TYPE_CHECKING

import onnx
import pytest
from onnx import TensorProto, helper

from sensorium import folders
from sensorium.errors import EngineError
from sensorium.inference import card as cards
from sensorium.inference import store
from sensorium.inference.card_tables import TASKS
from sensorium_tools import evaluate
from sensorium_tools.ports import with_ports
from sensorium_tools.samples import Sample
from sensorium_tools.verify.memory import peak_mib

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensorium.inference.card import Card

SHIPPED = sorted(path.name for path in folders.data_room("engines").iterdir() if path.is_dir())
OF_TASK = {store.find_card(name).evaluation.task: name for name in SHIPPED}
OF_USERS = ("text-class",)
"""Tasks of engines that only users make: of these no card ships."""
OF_SHIPPED = tuple(task for task in TASKS if task not in OF_USERS)
HALVES = ("whisper-tiny-en-encoder", "whisper-tiny-en-decoder")
LABELLED = ("gesture", "image-class", "text-emotion")


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Card]:
    """A copy of a shipped card with changes of its text: a pattern's first place, and the new."""

    def change(name: str, *changes: tuple[str, str]) -> Card:
        folder = tmp_path / name
        shutil.copytree(folders.data_room("engines") / name, folder)
        text = (folder / "card.toml").read_text("utf-8")
        for pattern, new in changes:
            text, count = re.subn(pattern, new, text, count=1, flags=re.MULTILINE | re.DOTALL)
            assert count, pattern
        (folder / "card.toml").write_text(text, "utf-8")
        return cards.read(folder)

    return change


def refusal(card: Card, task: str | None = None) -> str:
    name = task or card.evaluation.task
    with pytest.raises(EngineError) as caught:
        evaluate.task(name)(card)
    message = caught.value.message
    assert card.name in message
    assert f"task {name}" in message or "memory.peak_mib" in message
    return message


def test_every_task_has_a_shipped_card() -> None:
    assert set(OF_TASK) == set(OF_SHIPPED)


def test_a_card_that_is_no_classifier_of_texts_is_refused() -> None:
    said = refusal(store.find_card("minilm"), "text-class")
    assert "needs labels" in said


UNFITTING = {
    "no such name": (r'^\[\[inputs\]\]\nname = "\w+"', '[[inputs]]\nname = "other"'),
    "a size more": (r"^(\[\[inputs\]\]\nname.*?shape = \[)", r"\g<1>7, "),
    "another type": (r'^(\[\[inputs\]\].*?type = )"\w+"', r'\g<1>"uint8"'),
    "other outputs": (r'^(\[\[outputs\]\].*?type = )"\w+"', r'\g<1>"int32"'),
    "one input more": (
        r"^\[\[outputs\]\]", '[[inputs]]\nname = "more"\nshape = [1]\n\n[[outputs]]'
    ),
}
BY_NAME = ("gesture", "transcription", "voice-activity")


@pytest.mark.parametrize(
    ("task", "what"),
    [
        (task, what) for task in OF_SHIPPED for what in UNFITTING
        if task != "agreement" and (what != "no such name" or task in BY_NAME)
    ],
)
def test_a_card_of_unfitting_ports_is_refused(
    changed: Callable[..., Card], task: str, what: str
) -> None:
    card = changed(OF_TASK[task], UNFITTING[what])
    said = refusal(card)
    assert "needs" in said
    assert card.inputs[0].name in said
    assert str(list(card.inputs[0].shape)).replace("'", "") in said


@pytest.mark.parametrize("name", ["yolov3-tiny", "face-detector"])
def test_ports_that_take_more_than_the_card_allows_are_refused(
    changed: Callable[..., Card], name: str
) -> None:
    large = changed(
        name, (r"shape = \[1, (3, 416, 416|128, 128, 3)\]", "shape = [1, 3, 4096, 4096]")
    )
    said = refusal(large)
    assert "its inputs and outputs take 19" in said
    assert f"memory.peak_mib allows {large.memory.peak_mib}" in said


@pytest.mark.parametrize("task", OF_SHIPPED)
def test_a_card_without_ports_is_refused(task: str) -> None:
    card = store.find_card(OF_TASK[task])
    assert "need" in refusal(dataclasses.replace(card, inputs=()))
    assert "need" in refusal(dataclasses.replace(card, outputs=()))
    assert "need" in refusal(dataclasses.replace(card, inputs=(), outputs=()))


@pytest.mark.parametrize("task", LABELLED)
def test_labels_must_be_there_and_as_many_as_the_outputs(
    changed: Callable[..., Card], task: str
) -> None:
    card = store.find_card(OF_TASK[task])
    assert "needs labels" in refusal(
        dataclasses.replace(card, engine=dataclasses.replace(card.engine, labels=()))
    )
    fewer = changed(OF_TASK[task], (r"^labels = \[.*?\]$", 'labels = ["one", "two"]'))
    assert "and 2 labels" in refusal(fewer)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("face-landmarks", ("1434", "30"), "has 30 values"),
        ("speech-mel", ("1760", "1000"), "takes 1000 samples"),
        ("speech-embedding", ("76, 32, 1", "76, 16, 1"), "[1, frames, 32, 1]"),
        ("minilm", (r'\[1, "tokens"\]', "[1, 64]"), "with [[axes]]"),
        ("yolov3-tiny", ("2535, 80", "2536, 80"), "[1, boxes, classes]"),
        ("face-emotion", ("64, 64", "64, 48"), "[1, n, n, 1]"),
        (HALVES[0], (r'^part = "\w+"', 'part = "whole"'), "an encoder or a decoder"),
        (HALVES[1], (r'^part = "\w+"', 'part = "encoder"'), "the outputs cross_k_0"),
    ],
)
def test_what_a_task_counts_on_is_checked(
    changed: Callable[..., Card], name: str, change: tuple[str, str], says: str
) -> None:
    assert says in refusal(changed(name, change))


def test_a_half_of_whisper_without_the_other_half_is_refused() -> None:
    card = store.find_card("whisper-tiny-en-encoder")
    engine = dataclasses.replace(card.engine, name="minilm")
    said = refusal(dataclasses.replace(card, engine=engine))
    assert "needs the other half" in said


TENSOR = helper.make_tensor_type_proto(TensorProto.FLOAT, [1])


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (helper.make_sequence_type_proto(TENSOR), "of type sequence"),
        (helper.make_optional_type_proto(TENSOR), "of type optional"),
        (helper.make_map_type_proto(TensorProto.INT64, TENSOR), "of type map"),
        (helper.make_tensor_type_proto(TensorProto.STRING, [1]), "of type STRING"),
        (helper.make_tensor_type_proto(TensorProto.BFLOAT16, [1]), "of type BFLOAT16"),
        (helper.make_tensor_type_proto(TensorProto.UNDEFINED, [1]), "of type UNDEFINED"),
        (helper.make_tensor_type_proto(TensorProto.FLOAT, None), "does not say what shape"),
        (onnx.TypeProto(), "of type unknown"),
    ],
)
def test_a_graph_whose_input_is_no_tensor_of_ours_is_refused(
    kind: onnx.TypeProto, says: str
) -> None:
    card = dataclasses.replace(store.find_card("silero-vad"), inputs=(), outputs=())
    value = onnx.ValueInfoProto(name="odd", type=kind)
    model = helper.make_model(helper.make_graph([], "g", [value], []))
    with pytest.raises(EngineError, match=f"silero-vad: .*odd.*{says}|{says}.*odd"):
        with_ports(card, model.SerializeToString())


def test_noise_that_memory_does_not_hold_is_refused() -> None:
    card = store.find_card("silero-vad")
    port = dataclasses.replace(card.inputs[0], shape=(1 << 12,) * 3)
    memory = dataclasses.replace(card.memory, peak_mib=1 << 30)
    of_it = evaluate.task("agreement")(dataclasses.replace(card, inputs=(port,), memory=memory))
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = 1 << 36 if hard == resource.RLIM_INFINITY else min(1 << 36, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        with pytest.raises(EngineError, match="there is no memory for its inputs"):
            of_it.perform(lambda feeds: feeds, Sample("a", "noise", None))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_a_measurement_that_does_not_end_is_an_error() -> None:
    with pytest.raises(EngineError, match=r"slow: .*within 0\.01 s"):
        peak_mib("slow", b"", {}, 1, timeout_s=0.01)
