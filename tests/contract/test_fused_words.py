"""The times of the words of `fused_words`, as an aligner that knows no synthesiser hears them."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.aligned import word_begins
from fixtures.fused_replay import SAYINGS
from fixtures.fused_words import RATE, TELLING, Voice, Voices, spoken

from sensorium_tools.samples import espeak_library, synthesisers

QUIET_S = 0.3
VOICES = Voice("espeak-ng", "en-us", 150), Voice("flite", "slt", 150)


@pytest.mark.parametrize("voice", VOICES, ids=lambda one: one.name)
def test_words_begin_where_they_sound(voice: Voice) -> None:
    missing = synthesisers.missing(voice.synthesiser) or (
        espeak_library.missing() if TELLING[voice.synthesiser] is espeak_library.speak else ""
    )
    if missing:
        pytest.skip(missing)
    words, apart, quiet = Voices(), [], np.zeros(round(QUIET_S * RATE), np.float32)
    for said in SAYINGS:
        sound = np.concatenate([quiet, spoken(said.text, voice), quiet])
        true, heard = words.true(said.text, voice), word_begins(sound, said.text)
        assert list(true.starts) == sorted(true.starts)
        assert true.starts[-1] < true.end
        if len(heard) == len(true.starts):
            apart += [
                begin - QUIET_S - start for begin, start in zip(heard, true.starts, strict=True)
            ][1:]
    assert len(apart) >= 8
    assert abs(float(np.median(apart))) <= 0.03
    assert np.quantile(np.abs(apart), 0.9) <= 0.1
