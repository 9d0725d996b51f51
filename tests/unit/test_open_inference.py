"""The Open Inference Protocol's bodies: what is read, what is refused, what is answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sensorium.health import Device, Precision
from sensorium.inference.manifest import Manifest, Range, Tensor
from sensorium.service.models.execution import Ran
from sensorium.service.models.figures import Timing
from sensorium.service.open_inference import answer, classification, message, tensors
from sensorium.service.problem import Problem, response

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.service.open_inference.message import Place

MANIFEST = Manifest(
    name="mixed", identity="", key="", backend="onnxruntime", precision="fp32", file="",
    sha256="", labels=("no", "yes", "perhaps"),
    inputs=(
        Tensor("image", (1, "rows", 2), "float32"), Tensor("ids", ("rows",), "int64"),
        Tensor("pixels", (3,), "uint8"),
    ),
    outputs=(Tensor("scores", (1, 3), "float32"), Tensor("count", (1,), "int32")),
    axes={"rows": Range(1, 2, 4)}, processor="", files={}, built_with={},
)
IMAGE = {"name": "image", "shape": [1, 2, 2], "datatype": "FP32", "data": [1.5, 2, 3, 4]}
IDS = {"name": "ids", "shape": [2], "datatype": "INT64", "data": [7, -8]}
PIXELS = {"name": "pixels", "shape": [3], "datatype": "UINT8", "data": [0, 128, 255]}
WHOLE = {"inputs": [IMAGE, IDS, PIXELS]}
HUGE = 2**40


def nothing_shared(_: Place, where: str) -> bytearray:
    raise Problem(404, f"{where}: there is no region")


def read(content: Any, rest: bytes = b"", header: str | None = None) -> dict[str, np.ndarray]:
    """The feeds of a body of JSON and binary data."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    if rest and header is None:
        header = str(len(text))
    asked = message.read(text + rest, header)
    return tensors.feeds(asked.inputs, MANIFEST, nothing_shared)


def changed(place: int, **members: Any) -> dict[str, Any]:
    """The whole request with one input changed; None: without that member."""
    inputs = [dict(one) for one in WHOLE["inputs"]]
    inputs[place] |= members
    inputs[place] = {name: value for name, value in inputs[place].items() if value is not None}
    return {"inputs": inputs}


def binary(place: int, size: Any) -> dict[str, Any]:
    return changed(place, data=None, parameters={"binary_data_size": size})


def refusal(make: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        make()
    problem = caught.value
    assert 400 <= problem.status < 500
    # Whatever a caller sent, what is answered is short and can be encoded.
    assert len(str(problem)) < 600
    assert response(problem).body
    return problem


def test_json_flat_and_nested_is_the_same() -> None:
    nested = changed(0, data=[[[1.5, 2], [3, 4]]])

    for content in (WHOLE, nested):
        feeds = read(content)
        assert feeds["image"].dtype == np.float32
        assert feeds["image"].tolist() == [[[1.5, 2.0], [3.0, 4.0]]]
        assert feeds["ids"].tolist() == [7, -8]
        assert feeds["pixels"].dtype == np.uint8


def test_binary_data_is_what_was_sent_wherever_it_begins() -> None:
    image = np.array([[[1e-45, -0.0], [np.inf, np.nan]]], np.float32)
    for padding in range(8):
        content = binary(0, image.nbytes)
        content["id"] = "x" * (padding + 1)

        found = read(content, image.tobytes())["image"]

        assert found.tobytes() == image.tobytes()
        assert found.flags.aligned


@pytest.mark.parametrize(
    "header", [None, "", "x", "0", "1", "15", "16", "4001", "9" * 19, "9" * 20]
)
def test_padding_puts_binary_data_where_numbers_may_lie(header: str | None) -> None:
    padding = message.padding(header)

    assert 0 <= padding < 16
    if header and header.isdigit() and len(header) < 20:
        assert (padding + int(header)) % 16 == 0
        whole = np.frombuffer(bytes(padding) + bytes(8 + 4001), np.uint8)
        assert whole.ctypes.data % 16 == 0


def test_several_binary_inputs_come_in_order() -> None:
    content = {
        "inputs": [
            {**PIXELS, "data": None, "parameters": {"binary_data_size": 3}}, IDS,
            {**IMAGE, "data": None, "parameters": {"binary_data_size": 16}},
        ]
    }
    image = np.arange(4, dtype=np.float32)

    feeds = read(content, b"\1\2\3" + image.tobytes())

    assert feeds["pixels"].tolist() == [1, 2, 3]
    assert feeds["image"].reshape(-1).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"), (b"{", "not JSON"), (b"\xff", "not JSON"), (b"[]", "must be an object"),
        (b"[" * 100_000, "nested"), (b'{"a":' * 100_000, "nested"), (b"1" * 5000, "not JSON"),
        (b'{"inputs": [NaN]}', "not JSON"), (b'{"inputs": Infinity}', "not JSON"), ({}, "inputs"),
        ({"inputs": {}}, "must be a list"), ({"inputs": [1]}, "must be an object"),
        ({"inputs": []}, "missing: ids, image, pixels"), ({"inputs": [IMAGE] * 300}, "300 tensors"),
        ({"inputs": [IMAGE, IDS]}, "missing: pixels"),
        ({"inputs": [IMAGE, IDS, PIXELS, IDS]}, "given before"),
        ({**WHOLE, "id": 5}, "id"), ({**WHOLE, "id": "x" * 5000}, "id"),
        ({**WHOLE, "parameters": []}, "parameters"),
        ({**WHOLE, "parameters": {"priority": "high"}}, "priority"),
        ({**WHOLE, "parameters": {"priority": True}}, "priority"),
        ({**WHOLE, "parameters": {"timeout": -1}}, "timeout"),
        ({**WHOLE, "parameters": {"timeout": 10**30}}, "timeout"),
        ({**WHOLE, "parameters": {"timeout": 1.5}}, "timeout"),
        ({**WHOLE, "parameters": {"sequence_id": 3}}, "no sequences"),
        ({**WHOLE, "parameters": {"binary_data_output": 1}}, "true or false"),
        ({**WHOLE, "outputs": "scores"}, "outputs"), ({**WHOLE, "outputs": [{}]}, "name"),
        ({**WHOLE, "outputs": [{"name": "scores", "parameters": {"classification": -1}}]}, "class"),
    ],
)
def test_a_spoilt_request_is_refused(content: Any, says: str) -> None:
    assert says in refusal(lambda: read(content)).message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (changed(0, name="picture"), "no input 'picture'"), (changed(0, name="../image"), "no in"),
        (changed(0, name="\ud800"), "no input '\\ud800'"), (changed(0, name="x" * 2000), "name"),
        (changed(0, name=None), "name"), (changed(0, name=["image"]), "name"),
        (changed(0, datatype="FP16"), "is FP32, not 'FP16'"),
        (changed(0, datatype="BF16"), "is FP32"), (changed(0, datatype="BYTES"), "is FP32"),
        (changed(0, datatype="float32"), "is FP32"), (changed(0, datatype=32), "datatype"),
        (changed(0, shape=[2, 2]), "must be [1, rows of 1 to 4, 2]"),
        (changed(0, shape=[1, 5, 2]), "must be [1, rows of 1 to 4, 2]"),
        (changed(0, shape=[1, 0, 2]), "must be"), (changed(1, shape=[3], data=[1] * 3), "same"),
        (changed(0, shape=[1, -1, 2]), "whole number"),
        (changed(0, shape=[1, 2.0, 2]), "whole number"),
        (changed(0, shape=[True, 2, 2]), "whole number"),
        (changed(0, shape=[HUGE, HUGE, HUGE]), "must be"),
        (changed(0, shape=[10**400, 2, 2]), "whole number"),
        (changed(0, shape=[1] * 40), "40 sizes"), (changed(0, shape="122"), "must be a list"),
        (changed(0, shape=None), "shape"), (changed(0, data=None), "one of data"),
        (changed(0, data={}), "must be a list"), (changed(0, data=[1, 2, 3]), "shape"),
        (changed(0, data=[1, 2, 3, 4, 5]), "shape"), (changed(0, data=[[1, 2], [3, 4]]), "shape"),
        (changed(0, data=[[[1, 2], [3, 4, 5]]]), "shape"),
        (changed(0, data=[[[1, 2], [3, [4]]]]), "lists"),
        (changed(0, data=[[[1, 2], 3, 4]]), "shape"),
        (changed(0, data=[1, 2, 3, "4"]), "texts"), (changed(0, data=[1, 2, 3, None]), "null"),
        (changed(0, data=[1, 2, 3, True]), "true and false"),
        (changed(0, data=[1, 2, 3, {}]), "objects"), (changed(0, data=[1, 2, 3, 1e39]), "beyond"),
        (changed(0, data=[1, 2, 3, 10**400]), "beyond"), (changed(1, data=[1, 1.0]), "fractions"),
        (changed(1, data=[1, 2**63]), "beyond"), (changed(2, data=[0, 1, 256]), "beyond"),
        (changed(2, data=[0, 1, -1]), "beyond"),
        (changed(0, parameters={"binary_data_size": 0}), "one of data"),
        (changed(0, parameters={"shared_memory_region": "r"}), "both"),
        (changed(0, parameters=3), "parameters"),
    ],
)
def test_a_wrong_input_is_refused(content: Any, says: str) -> None:
    problem = refusal(lambda: read(content))

    assert says in str(problem)


def test_a_number_that_json_makes_infinite_is_refused() -> None:
    text = json.dumps(WHOLE).replace("1.5", "1e999").encode()

    assert "beyond FP32" in refusal(lambda: read(text)).message


@pytest.mark.parametrize(
    ("size", "rest", "header", "says"),
    [
        (16, 15, None, "15 bytes are left"), (16, 17, None, "17 bytes of binary data"),
        (15, 15, None, "[1, 2, 2] of FP32 are 16"), (0, 16, None, "16 bytes of binary data"),
        (-1, 16, None, "whole number"), (2**63, 16, None, "whole number"), ("16", 16, None, "num"),
        (HUGE, 16, None, "16 bytes are left"), (16, 16, "100000", "the body has"),
        (16, 16, "-1", "a number of bytes"), (16, 16, "1e3", "a number of bytes"),
        (16, 16, "9" * 30, "a number of bytes"), (16, 16, "", "a number of bytes"),
        (16, 16, "\u0663", "a number of bytes"), (16, 16, "0", "not JSON"),
        (16, 16, "7", "not JSON"),
    ],
)
def test_binary_sizes_that_do_not_add_up_are_refused(
    size: Any, rest: int, header: str | None, says: str
) -> None:
    assert says in refusal(lambda: read(binary(0, size), bytes(rest), header)).message


def test_json_beyond_its_limit_is_refused_unread() -> None:
    text = b" " * (message.MAX_JSON_BYTES + 1)

    assert refusal(lambda: read(text)).status == 413


def ran(**outputs: np.ndarray) -> Ran:
    return Ran(dict(outputs), Precision.INT8, Device.CPU, 1, Timing(0, 1, 0, 1))


def encode(content: dict[str, Any], result: Ran) -> tuple[dict[str, Any], bytes]:
    asked = message.read(json.dumps({**WHOLE, **content}).encode(), None)
    made = answer.encode(
        asked, answer.wanted(asked, MANIFEST), MANIFEST, result, lambda *_: None
    )
    return json.loads(made.header), b"".join(made.parts)


SCORES = np.array([[0.1, 0.7, 0.2]], np.float32)
RESULT = ran(scores=SCORES, count=np.array([3], np.int32))


def test_the_answer_as_json_is_exact() -> None:
    header, rest = encode({"id": "\ud800 7"}, RESULT)

    assert rest == b""
    assert header["id"] == "\ud800 7"
    assert (header["model_name"], header["model_version"]) == ("mixed", "1")
    scores, count = header["outputs"]
    assert np.array(scores["data"], np.float32).tobytes() == SCORES.tobytes()
    assert (scores["shape"], scores["datatype"], count["datatype"]) == ([1, 3], "FP32", "INT32")


def test_each_output_is_answered_as_it_was_asked_for() -> None:
    header, rest = encode(
        {
            "parameters": {"binary_data_output": True},
            "outputs": [
                {"name": "count"}, {"name": "scores", "parameters": {"binary_data": False}},
            ],
        },
        RESULT,
    )

    assert [output["name"] for output in header["outputs"]] == ["count", "scores"]
    assert header["outputs"][0]["parameters"] == {"binary_data_size": 4}
    assert "data" in header["outputs"][1]
    assert rest == np.array([3], "<i4").tobytes()


@pytest.mark.parametrize("names", [["nothing"], ["scores", "scores"], ["\ud800"]])
def test_outputs_that_are_not_there_are_refused(names: list[str]) -> None:
    refusal(lambda: encode({"outputs": [{"name": name} for name in names]}, RESULT))


def test_what_json_has_no_word_for_is_not_answered_in_it() -> None:
    spoilt = ran(scores=np.array([[1, np.nan, 2]], np.float32), count=np.array([1], np.int32))

    assert "binary_data" in refusal(lambda: encode({}, spoilt)).remedy
    _, rest = encode({"parameters": {"binary_data_output": True}}, spoilt)
    assert np.isnan(np.frombuffer(rest[:12], np.float32)[1])


def test_a_classification_is_the_highest_with_their_labels() -> None:
    asked = {"outputs": [{"name": "scores", "parameters": {"classification": 2}}]}

    header, _ = encode(asked, RESULT)

    output = header["outputs"][0]
    assert (output["datatype"], output["shape"]) == ("BYTES", [1, 2])
    assert [text.split(":")[1:] for text in output["data"]] == [["1", "yes"], ["2", "perhaps"]]
    assert float(output["data"][0].split(":")[0]) == pytest.approx(0.7)


def test_a_classification_without_labels_and_of_more_than_there_are() -> None:
    shape, texts = classification.highest(np.array([[3, 1], [5, 5]], np.int32), 9, ("a",))

    assert shape == (2, 2)
    assert texts == ["3:0", "1:1", "5:0", "5:1"]
    assert classification.packed(["a", "äö"]) == b"\1\0\0\0a\4\0\0\0" + "äö".encode()
