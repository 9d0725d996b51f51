"""Converted vision models compute what a plain forward pass through the original numbers gives."""

from __future__ import annotations

import contextlib
import io
import json

import numpy as np
import onnxruntime
import pytest
from fixtures import engines
from fixtures import reference_layers as layers

from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium_tools.convert import converter, torch_file

h5py = pytest.importorskip("h5py")


def session(name: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        engines.graph(name), providers=["CPUExecutionProvider"]
    )


def convert(name: str, *weights: bytes) -> bytes:
    card = store.find_card(name)
    return converter(card.conversion.converter)(card, weights)


def smooth(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Noise with large patches, as a picture has: -1..1."""
    noise = np.random.default_rng(seed)
    height, width = shape[-2:]
    coarse = noise.uniform(-1, 1, (*shape[:-2], height // 16, width // 16))
    return np.clip(
        coarse.repeat(16, -2).repeat(16, -1) + noise.normal(0, 0.1, shape), -1, 1
    ).astype(np.float32)


def darknet(cfg: bytes, weights: bytes, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A forward pass as darknet's own source has it."""
    numbers = np.frombuffer(weights[20:], "<f4")
    at = 0

    def take(*shape: int) -> np.ndarray:
        nonlocal at
        taken = numbers[at : at + int(np.prod(shape))].astype(np.float64)
        at += len(taken)
        return taken.reshape(shape)

    outputs, boxes, scores = [], [], []
    for part in cfg.decode().split("[")[1:]:
        kind, _, body = part.partition("]")
        lines = [line.split("#")[0].split("=") for line in body.splitlines() if "=" in line]
        keys = {pair[0].strip(): pair[1].strip() for pair in lines if len(pair) == 2}
        stride = int(keys.get("stride", 1))
        if kind == "net":
            continue
        if kind == "convolutional":
            filters, size = int(keys["filters"]), int(keys["size"])
            shift = take(filters)
            if "batch_normalize" in keys:
                scale, mean, variance = take(filters), take(filters), take(filters)
            around = (size // 2, size // 2)
            weight = take(filters, x.shape[0], size, size)
            x = layers.convolve(layers.padded(x, around, around), weight, stride)
            if "batch_normalize" in keys:
                x = (x - mean[:, None, None]) / (np.sqrt(variance)[:, None, None] + 1e-6)
                x *= scale[:, None, None]
            x += shift[:, None, None]
            if keys["activation"] == "leaky":
                x = np.where(x > 0, x, 0.1 * x)
        elif kind == "maxpool":
            size = int(keys["size"])
            x = layers.pool(layers.padded(x, (0, size - 1), (0, size - 1), -np.inf), size, stride)
        elif kind == "route":
            chosen = [int(place) for place in keys["layers"].split(",")]
            x = np.concatenate([outputs[place] for place in chosen])
        elif kind == "upsample":
            x = x.repeat(stride, 1).repeat(stride, 2)
        elif kind == "yolo":
            pairs = [int(word) for word in keys["anchors"].split(",")]
            for index, anchor in enumerate(int(word) for word in keys["mask"].split(",")):
                part_of = x[index * 85 : index * 85 + 85]
                for row in range(x.shape[1]):
                    for column in range(x.shape[2]):
                        value = part_of[:, row, column]
                        middle_x = (column + layers.sigmoid(value[0])) / x.shape[2]
                        middle_y = (row + layers.sigmoid(value[1])) / x.shape[1]
                        half_w = np.exp(value[2]) * pairs[2 * anchor] / 416 / 2
                        half_h = np.exp(value[3]) * pairs[2 * anchor + 1] / 416 / 2
                        boxes.append([middle_x - half_w, middle_y - half_h,
                                      middle_x + half_w, middle_y + half_h])
                        scores.append(layers.sigmoid(value[4]) * layers.sigmoid(value[5:]))
        outputs.append(x)
    assert at == len(numbers)
    return np.array(boxes), np.array(scores)


def test_yolov3_tiny_is_what_darknet_computes() -> None:
    image = (smooth((3, 416, 416), 1) + 1) / 2
    boxes, scores = session("yolov3-tiny").run(None, {"image": image[None]})
    expected, chances = darknet(*engines.weights("yolov3-tiny"), image.astype(np.float64))
    np.testing.assert_allclose(boxes[0], expected, atol=2e-4, rtol=1e-4)
    np.testing.assert_allclose(scores[0], chances, atol=1e-4)
    assert scores.max() > 0.01


def efficientnet(tensors: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    def step(x, name, norm, stride=1, *, clip=True):
        weight = tensors[f"{name}.weight"].astype(np.float64)
        size = weight.shape[2]
        x = layers.padded(x, *(layers.same(length, size, stride) for length in x.shape[1:]))
        if "depthwise" in name:
            x = layers.convolve_each(x, weight[:, 0], stride)
        else:
            x = layers.convolve(x, weight, stride)
        parts = ("weight", "bias", "running_mean", "running_var")
        x = layers.normalise(x, *(tensors[f"{norm}.{part}"] for part in parts), 1e-3)
        return np.clip(x, 0, 6) if clip else x

    x = step(x, "_conv_stem", "_bn0", 2)
    groups = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
    strides = [first if place == 0 else 1 for n, first in groups for place in range(n)]
    for index, stride in enumerate(strides):
        block, before = f"_blocks.{index}", x
        if f"{block}._expand_conv.weight" in tensors:
            x = step(x, f"{block}._expand_conv", f"{block}._bn0")
        x = step(x, f"{block}._depthwise_conv", f"{block}._bn1", stride)
        x = step(x, f"{block}._project_conv", f"{block}._bn2", clip=False)
        if x.shape == before.shape:
            x = x + before
    x = step(x, "_conv_head", "_bn1").mean((1, 2))
    return layers.softmax(tensors["_fc.weight"].astype(np.float64) @ x + tensors["_fc.bias"])


def test_efficientnet_lite_is_its_plain_forward_pass() -> None:
    tensors = torch_file.read(engines.weights("efficientnet-lite0")[0], "test")
    engine = session("efficientnet-lite0")
    for seed in range(2):
        image = smooth((3, 224, 224), seed)
        scores = engine.run(None, {"image": image[None]})[0][0]
        np.testing.assert_allclose(
            scores, efficientnet(tensors, image.astype(np.float64)), atol=1e-5
        )
        assert scores.max() > 0.05


def keras(file, x: np.ndarray) -> np.ndarray:
    """Keras's layers one by one; x is [channels, height, width]."""
    made = {}
    for layer in json.loads(file.attrs["model_config"])["config"]["layers"]:
        name, options, kind = layer["name"], layer["config"], layer["class_name"]
        group = file["model_weights"][name]
        numbers = {
            path.decode().split("/")[-1][:-2]: group[path][()].astype(np.float64)
            for path in group.attrs["weight_names"]
        }
        inputs = [made[node[0]] for node in layer["inbound_nodes"][0]] if made else []
        stride = options.get("strides", [1])[0]
        size = (options.get("kernel_size") or options.get("pool_size") or [1])[0]
        if inputs and options.get("padding") == "same":
            around = [layers.same(length, size, stride) for length in inputs[0].shape[1:]]
            value = -np.inf if kind == "MaxPooling2D" else 0.0
            inputs = [layers.padded(inputs[0], *around, value)]
        if kind == "InputLayer":
            made[name] = x
        elif kind == "Conv2D":
            weight = numbers["kernel"].transpose(3, 2, 0, 1)
            bias = numbers.get("bias", np.zeros(len(weight)))
            made[name] = layers.convolve(inputs[0], weight, stride) + bias[:, None, None]
        elif kind == "SeparableConv2D":
            depth = numbers["depthwise_kernel"][:, :, :, 0].transpose(2, 0, 1)
            inner = layers.convolve_each(inputs[0], depth, stride)
            made[name] = np.tensordot(numbers["pointwise_kernel"][0, 0].T, inner, 1)
        elif kind == "BatchNormalization":
            parts = ("gamma", "beta", "moving_mean", "moving_variance")
            made[name] = layers.normalise(
                inputs[0], *(numbers[part] for part in parts), options["epsilon"]
            )
        elif kind == "Activation":
            is_relu = options["activation"] == "relu"
            made[name] = np.maximum(inputs[0], 0) if is_relu else layers.softmax(inputs[0])
        elif kind == "MaxPooling2D":
            made[name] = layers.pool(inputs[0], size, stride)
        elif kind == "Add":
            made[name] = inputs[0] + inputs[1]
        elif kind == "GlobalAveragePooling2D":
            made[name] = inputs[0].mean((1, 2))
    return made[name]


def test_the_expressions_of_a_face_are_what_keras_computes() -> None:
    engine = session("face-emotion")
    with h5py.File(io.BytesIO(engines.weights("face-emotion")[0])) as file:
        for seed in range(5):
            face = smooth((1, 64, 64), seed)
            scores = engine.run(None, {"face": face.transpose(1, 2, 0)[None]})[0][0]
            np.testing.assert_allclose(scores, keras(file, face.astype(np.float64)), atol=1e-5)


@pytest.mark.parametrize("name", ["yolov3-tiny", "efficientnet-lite0", "face-emotion"])
def test_a_conversion_gives_the_same_bytes_again(name: str) -> None:
    weights = engines.weights(name)
    assert convert(name, *weights) == convert(name, *weights)


@pytest.mark.parametrize("name", ["yolov3-tiny", "efficientnet-lite0", "face-emotion"])
def test_a_file_that_is_cut_off_or_of_another_kind_says_so(name: str) -> None:
    *others, last = engines.weights(name)
    for data in (b"", b"PK\x03\x04", b"\x80\x02.", last[:40], last[: len(last) // 2], last[:-4],
                 bytes(1000), bytes(range(256)) * 40):
        with pytest.raises(EngineError) as caught:
            convert(name, *others, data)
        assert name in caught.value.message
    with pytest.raises(EngineError, match="not 3"):
        convert(name, b"", b"", b"")


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", ["yolov3-tiny", "efficientnet-lite0", "face-emotion"])
def test_a_garbled_file_is_an_engine_error_or_another_model(name: str, seed: int) -> None:
    noise = np.random.default_rng(seed)
    files = [bytearray(data) for data in engines.weights(name)]
    # The heads of the files are what decides anything; in the rest lie numbers.
    garbled = files[0]
    for place in noise.integers(0, min(len(garbled), 60_000), 20):
        garbled[place] = noise.integers(0, 256)
    with contextlib.suppress(EngineError):
        convert(name, *map(bytes, files))


def test_weights_that_are_no_numbers_are_refused() -> None:
    cfg, weights = engines.weights("yolov3-tiny")
    broken = bytearray(weights)
    broken[2000:2004] = b"\xff\xff\xff\xff"
    with pytest.raises(EngineError, match="not a finite number"):
        convert("yolov3-tiny", cfg, bytes(broken))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"[maxpool]", b"[shortcut]", "shortcut"),
        (b"activation=leaky", b"activation=mish", "mish"),
        (b"filters=16", b"filters=many", "filters=many"),
        (b"filters=16", b"filters=17", "yolov3-tiny.weights"),
        (b"layers = -4", b"layers = -99", "no layer -99"),
        (b"layers = -1, 8", b"layers = -1, 2", "differ in size"),
        (b"width=416", b"width=99999999", "width"),
        (b"classes=80", b"classes=81", "255"),
        (b"mask = 3,4,5", b"mask = 3,4,9", "mask"),
        (b"[net]", b"[not]", "[net]"),
        (b"size=3", b"size", "line"),
    ],
)
def test_a_cfg_that_says_something_else_is_named(old: bytes, new: bytes, said: str) -> None:
    cfg, weights = engines.weights("yolov3-tiny")
    with pytest.raises(EngineError) as caught:
        convert("yolov3-tiny", cfg.replace(old, new, 1), weights)
    assert said in caught.value.message
    assert caught.value.remedy
