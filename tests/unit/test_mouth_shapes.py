"""Phonemes as visemes, and timelines of them."""

import shutil

import numpy as np
import pytest

from sensorium.errors import EngineError
from sensorium.records.voice import VISEMES
from sensorium_tools.samples import espeak_library, mouth_shapes, segment_programs
from sensorium_tools.samples.phoneme_times import Segment

PANGRAMS = (
    "The beige hue on the waters of the loch impressed all, including the French queen, "
    "before she heard that symphony again, just as young Arthur wanted.",
    "With tenure, Suzie'd have all the more leisure for yachting, but her publications are no "
    "good.",
    "Are those shy Eurasian footwear, cowboy chaps, or jolly earthmoving headgear?",
    "That quick beige fox jumped in the air over each thin dog. Look out, I shout, for he's foiled "
    "you again, creating chaos.",
)
"""Phonetic pangrams: each sound of English is in them."""


def named(*phonemes):
    return [[VISEMES[one] for one in mouth_shapes.shapes(phoneme)] for phoneme in phonemes]


@pytest.mark.parametrize(("viseme", "examples"), [
    # The table of Meta's Viseme Reference, in IPA.
    ("PP", "p b m"), ("FF", "f v"), ("TH", "θ ð"), ("DD", "t d"), ("kk", "k ɡ"), ("CH", "tʃ dʒ ʃ"),
    ("SS", "s z"), ("nn", "n l"), ("RR", "ɹ"), ("aa", "ɑː"), ("E", "ɛ"), ("ih", "ɪ"), ("oh", "ɔ"),
    ("ou", "ʊ"), ("sil", "")])
def test_the_published_examples_show_their_viseme(viseme, examples):
    assert named(*examples.split(" ")) == [[viseme]] * len(examples.split(" "))


def test_a_diphthong_is_two_shapes_and_marks_are_passed_over():
    assert named("aɪ", "ˈaʊ", "oʊ", "ɔɪ", "eɪ") == [
        ["aa", "ih"], ["aa", "ou"], ["oh", "ou"], ["oh", "ih"], ["E", "ih"],
    ]
    assert named("iː", "ˌn̩", "t̪", "əl") == [["ih"], ["nn"], ["DD"], ["E", "nn"]]


def test_a_letter_that_is_not_known_is_named():
    with pytest.raises(EngineError, match="ʘ"):
        mouth_shapes.shapes("aʘ")


@pytest.mark.parametrize("voice", ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029",
                                   "en-us-nyc", "en-gb-x-gbclan", "en-gb-x-gbcwmd"])
def test_every_phoneme_of_espeaks_english_has_a_viseme(voice):
    if espeak_library.missing():
        pytest.skip(espeak_library.missing())
    shown = set()
    for text in PANGRAMS:
        spoken = espeak_library.speak(voice, 160, 50, text)
        ends = [segment.end_s for segment in spoken.segments]
        assert [segment.begin_s for segment in spoken.segments] == [0.0, *ends[:-1]]
        assert ends[-1] == pytest.approx(len(spoken.sound) / 16_000, abs=0.01)
        for segment in spoken.segments:
            shown.update(mouth_shapes.shapes(segment.phoneme))
    # The Caribbean voice says "dat ting".
    unsaid = {VISEMES.index("TH")} if voice == "en-029" else set()
    assert shown == set(range(len(VISEMES))) - unsaid


def test_every_phoneme_of_cmu_has_a_viseme():
    shown = set()
    for phoneme in segment_programs.CMU_IPA.values():
        shown.update(mouth_shapes.shapes(phoneme))
    assert shown == set(range(len(VISEMES)))


@pytest.mark.parametrize(("speak", "program", "voice"), [
    (segment_programs.flite, "flite", "rms"),
    (segment_programs.festival, "festival", "ked_diphone")])
def test_programs_tell_phonemes_where_they_sound(speak, program, voice):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    try:
        spoken = speak(voice, 150, 50, "see mama")
    except EngineError as error:
        pytest.skip(str(error))
    said = [segment.phoneme for segment in spoken.segments if segment.phoneme]
    assert said[:4] == ["s", "i", "m", "ɑ"]
    # A hiss lies high, a vowel low: zero crossings tell them apart.
    rate = {
        segment.phoneme: np.mean(np.diff(np.signbit(
            spoken.sound[int(segment.begin_s * 16_000) : int(segment.end_s * 16_000)])))
        for segment in spoken.segments if segment.phoneme in ("s", "ɑ")
    }
    assert rate["s"] > 2 * rate["ɑ"]


def test_timeline_shapes_h_as_what_follows_and_closes_before_a_plosive():
    segments = (
        Segment(0.0, 0.1, "h"), Segment(0.1, 0.2, "uː"), Segment(0.2, 0.4, ""),
        Segment(0.4, 0.5, "p"), Segment(0.5, 0.6, "aɪ"), Segment(0.6, 0.8, ""),
    )
    shown = [(round(begin, 3), round(end, 3), VISEMES[viseme])
             for begin, end, viseme in mouth_shapes.timeline(segments)]
    assert shown == [
        (0.0, 0.1, "ou"), (0.1, 0.2, "ou"), (0.2, 0.34, "sil"), (0.34, 0.4, "PP"),
        (0.4, 0.5, "PP"), (0.5, 0.56, "aa"), (0.56, 0.6, "ih"), (0.6, 0.8, "sil"),
    ]
    found = mouth_shapes.at(mouth_shapes.timeline(segments), np.array([0.05, 0.25, 0.35, 0.59, 9]))
    assert [VISEMES[one] for one in found] == ["ou", "sil", "PP", "ih", "sil"]
    assert mouth_shapes.at((), np.array([0.0])).tolist() == [0]
