"""How words sound, by espeak-ng's rules, and how near two of them are."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from sensorium.errors import EngineError
from sensorium_tools.samples import synthesisers

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "espeak-ng"
_A_CALL = 400
"""Words in one call."""
_STRESS = re.compile(r"[',%=|]")
_SPLIT = re.compile(r"[\s_]+")


def spell(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """The phonemes of texts, in espeak's own alphabet, without stress.

    Args:
        texts: Plain words.

    Raises:
        EngineError: When espeak-ng is not there, or fails.
    """
    found: list[tuple[str, ...]] = []
    for start in range(0, len(texts), _A_CALL):
        part = texts[start : start + _A_CALL]
        lines = _told(("-x", "--sep=_"), "\n\n".join(f"{text}." for text in part)).splitlines()
        said = [line.strip() for line in lines if line.strip()]
        if len(said) != len(part):
            said = [" ".join(_told(("-x", "--sep=_"), text).split()) for text in part]
        found += [
            tuple(sound for sound in _SPLIT.split(_STRESS.sub("", line)) if sound) for line in said
        ]
    return found


def ipa(text: str) -> str:
    """A text in the phonetic alphabet, as voices of Piper are fed.

    Raises:
        EngineError: When espeak-ng is not there, or fails.
    """
    return " ".join(_told(("--ipa",), text).split())


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """How many phonemes are put in, left out or replaced (Levenshtein)."""
    row = list(range(len(other) + 1))
    for place, sound in enumerate(one, 1):
        before, row[0] = row[0], place
        for column, heard in enumerate(other, 1):
            before, row[column] = row[column], min(
                row[column] + 1, row[column - 1] + 1, before + (sound != heard)
            )
    return row[-1]


def _told(how: Sequence[str], text: str) -> str:
    try:
        done = subprocess.run(
            [PROGRAM, "-q", "-v", "en-us", *how, "--stdin"], input=text.encode(), check=True,
            capture_output=True, timeout=synthesisers.TIMEOUT_S,
        )
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        install = synthesisers.SYNTHESISERS[PROGRAM].install
        raise EngineError(f"{PROGRAM} cannot tell how a word sounds: {error}", install) from error
    return done.stdout.decode(errors="replace")
