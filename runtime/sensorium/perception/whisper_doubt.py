"""Whether a text was said at all: Whisper writes something down for noise and music, too.

With 15 s around the sound the model itself tells speech from the rest: of 200 prompts of one word
and more, clean and with noise and music 20, 10 and 5 dB below, none had a chance of silence above
0.51; of 117 pieces of noise, hum, clicks, breath, music and nothing, none had less than 0.58.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.perception.whisper_heard import Ending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium.perception.whisper_heard import Heard
    from sensorium.perception.whisper_words import Word

SILENCE, SURE = 0.75, -0.45
"""From this chance of silence on nothing was said where the tokens are less likely than that, on
the mean. Speech that begins behind a second of silence has chances of silence of 0.7 with tokens of
-0.2; what noise was written down as had none above -0.55, but for loops of full stops."""
DOUBTFUL, UNSURE = 0.5, -1.25
"""Nor from this one on where the tokens are less likely than that, on the mean."""
GUESSED = -1.5
"""Nor where they are less likely than that: on 200 prompts such a text was never right."""
LOOP = 0.3
"""Nor from this chance of silence on where the text went round in a loop."""
PHRASE, FAINT = 0.25, 0.6
"""Nor from this chance of silence on, or under this largest probability of speech, where the text
is one that the model likes to write for nothing."""
INVENTED = frozenset({
    "you", "thank you", "thank you very much", "thank you for watching", "thanks for watching",
    "thank you so much for watching", "bye", "bye bye", "okay", "so", "the", "i'm sorry",
    "please subscribe", "subtitles by the amara.org community", "music",
})
"""What it writes for noise and music, and its subtitles taught it: seen here, and listed in
"Careless Whisper" (Koenecke et al., 2024) and issue threads of github.com/openai/whisper."""


ECHO = 0.5
"""Words said again in less than this share of their time were not said again."""


def is_said(heard: Heard, voice: float = 1.0) -> bool:
    """Whether somebody said a text.

    Args:
        heard: The text and its figures.
        voice: The largest probability of speech in its sound, 0..1, as voice activity has it.
    """
    plain = _plain(heard.text)
    if not any(letter.isalnum() for letter in plain):
        return False
    doubt, likely = heard.silence, heard.mean_log_probability
    if (
        likely < GUESSED
        or (doubt >= DOUBTFUL and likely < UNSURE)
        or (doubt >= SILENCE and likely < SURE)
    ):
        return False
    if heard.ending is Ending.LOOP and doubt >= LOOP:
        return False
    return plain not in INVENTED or (doubt < PHRASE and voice >= FAINT)


def without_echo(words: Sequence[Word]) -> tuple[Word, ...]:
    """Leaves out what the model wrote twice at the end and found no sound for the second time."""
    plain = [_plain(word.text) for word in words]
    for count in range(len(words) // 2, 1, -1):
        first, again = words[-2 * count : -count], words[-count:]
        if plain[-2 * count : -count] == plain[-count:] and _span(again) < ECHO * _span(first):
            return tuple(words[:-count])
    return tuple(words)


def _span(words: Sequence[Word]) -> int:
    return words[-1].last - words[0].first


def _plain(text: str) -> str:
    return text.lower().strip(" .,!?-\"'")
