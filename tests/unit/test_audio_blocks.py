"""Sound cut into blocks: every sample once, gaps said, times of the last sample."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.sensors.audio_blocks import AudioBlocks

NS = 62_500
"""Length of a sample at 16 kHz, in ns."""


def test_every_sample_comes_once_with_the_time_of_its_blocks_end() -> None:
    random = np.random.default_rng(3)
    sound = random.uniform(-1, 1, 20_000).astype(np.float32)
    blocks = AudioBlocks(7)
    heard, times, at = [], [], 0
    while at < len(sound):
        part = sound[at : at + int(random.integers(0, 1500))]
        at += len(part)
        for record, capture_ns in blocks.add(part, at * NS):
            assert record["session"][0] == 7
            assert record["first_sample"][0] == len(heard) * 512
            assert record["peak"][0] == np.abs(record["samples"]).max()
            assert record["rms"][0] == pytest.approx(np.sqrt(np.mean(record["samples"] ** 2)))
            heard.append(record["samples"][0].copy())
            times.append(capture_ns)
    joined = np.concatenate(heard)
    np.testing.assert_array_equal(joined, sound[: len(joined)])
    assert len(sound) - len(joined) < 512
    assert times == [(i + 1) * 512 * NS for i in range(len(heard))]


def test_a_gap_lies_right_before_a_block_and_moves_the_samples_count() -> None:
    blocks = AudioBlocks(1, lost_samples=10)
    assert not list(blocks.add(np.zeros(100, np.float32), 0))
    blocks.gap(1000)
    ((record, _),) = blocks.add(np.zeros(512, np.float32), 0)
    assert (record["gap"][0], record["first_sample"][0]) == (1, 1100)
    assert record["lost_samples"][0] == 1110 == blocks.lost_samples
    ((record, _),) = blocks.add(np.zeros(512, np.float32), 0)
    assert (record["gap"][0], record["first_sample"][0]) == (0, 1612)
