"""Whether a text was said at all: Whisper writes something down for noise and music, too.

With 15 s around the sound the model itself tells speech from the rest: of 200 prompts of one word
and more, clean and with noise and music 20, 10 and 5 dB below, none had a chance of silence above
0.51; of 117 pieces of noise, hum, clicks, breath, music and nothing, none had less than 0.58.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.perception.whisper_decoding import Ending

if TYPE_CHECKING:
    from sensorium.perception.whisper_decoding import Heard

SILENCE = 0.75
"""From this chance of silence on nothing was said, whatever the text."""
DOUBTFUL, UNSURE = 0.5, -1.0
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


def is_said(heard: Heard, voice: float = 1.0) -> bool:
    """Whether somebody said a text.

    Args:
        heard: The text and its figures.
        voice: The largest probability of speech in its sound, 0..1, as voice activity has it.
    """
    plain = heard.text.lower().strip(" .,!?-\"'")
    if not any(letter.isalnum() for letter in plain):
        return False
    doubt, likely = heard.silence, heard.mean_log_probability
    if doubt >= SILENCE or likely < GUESSED or (doubt >= DOUBTFUL and likely < UNSURE):
        return False
    if heard.ending is Ending.LOOP and doubt >= LOOP:
        return False
    return plain not in INVENTED or (doubt < PHRASE and voice >= FAINT)
