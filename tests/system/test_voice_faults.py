"""Nothing that is said is lost, and nothing is delivered twice, whatever dies meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fixtures import engines, pulse
from fixtures.voice_faults import Line

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.system

FAULTS = 20


def test_every_sentence_comes_once_and_in_order(tmp_path: Path) -> None:
    pulse.require()
    for name in ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder"):
        engines.ensure_built(name)
    with Line(tmp_path) as line:
        outcome = line.run(FAULTS)
        log = line.daemon.read_log()
    assert sum(outcome.faults.values()) == FAULTS
    assert len(outcome.utterances) >= len(outcome.sentences)
    assert (outcome.unanswered, outcome.twice, outcome.lost) == ([], [], 0), log
    assert outcome.in_order
    assert outcome.unheard == []
