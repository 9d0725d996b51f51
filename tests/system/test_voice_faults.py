"""Nothing that is said is lost, and nothing is delivered twice, whatever dies meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from fixtures import engines, pulse
from fixtures.voice_faults import Line, Outcome

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.system

LINES, FAULTS = 2, 10
"""Daemons side by side, each with a microphone of its own, and the faults of each."""


def test_every_sentence_comes_once_and_in_order(tmp_path: Path) -> None:
    pulse.require()
    for name in ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder"):
        engines.ensure_built(name)
    with ThreadPoolExecutor(LINES) as pool:
        folders = [tmp_path / str(number) for number in range(LINES)]
        told = list(pool.map(run, folders, range(LINES)))
    for outcome, log in told:
        assert sum(outcome.faults.values()) == FAULTS
        assert len(outcome.utterances) >= len(outcome.sentences)
        assert (outcome.unanswered, outcome.twice, outcome.lost) == ([], [], 0), log
        assert outcome.in_order
        assert outcome.unheard == []


def run(folder: Path, seed: int) -> tuple[Outcome, str]:
    folder.mkdir()
    with Line(folder, seed) as line:
        return line.run(FAULTS), line.daemon.read_log()
