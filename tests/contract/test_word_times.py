"""Words are told when they are said: by the whole voice path, of voices whose words are known."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from fixtures.fused_replay import SAYINGS
from fixtures.fused_words import Voice, Voices

from sensorium.perception.recogniser import Recognised
from sensorium.perception.whisper_words import Word
from sensorium_tools.samples import espeak_library

VOICES = Voice("espeak-ng", "en-us", 150), Voice("flite", "slt", 150)
LEAST_WORDS = 12


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
@pytest.mark.skipif(bool(espeak_library.missing()), reason="libespeak-ng is not installed")
def test_words_begin_when_they_are_said() -> None:
    """The first one begins with the sound that is kept of the time before."""
    voices, apart = Voices(), []
    for voice in VOICES:
        for said in SAYINGS:
            true, heard = voices.true(said.text, voice), voices.heard(said.text, voice)
            if heard is not None and heard.text.lower().rstrip(".?!") == true.text:
                apart += np.subtract(heard.starts, true.starts)[1:].tolist()
    print(f"{len(apart)} words; seconds late: {np.percentile(apart, [5, 50, 95]).round(3)}")
    assert len(apart) >= LEAST_WORDS
    assert abs(float(np.median(apart))) <= 0.05
    assert np.percentile(np.abs(apart), 90) <= 0.15


def test_no_word_is_told_before_its_sound() -> None:
    told = Recognised("a b", (Word("a", 0, 3000, 0.5, False), Word("b", 3000, 9000, 0.5, True)),
                      0.5, 0.0, "en")  # fmt: skip
    spans = [(word.first, word.last) for word in told.earlier(1440).words]
    assert spans == [(0, 1560), (1560, 7560)]
