"""Asterisk's telephone prompts: G.722 files of one speaker, and the list of what she says."""

from __future__ import annotations

import functools
import gzip
import io
import re
import zlib
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.samples import alter_sound, cache, g722
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from sensorium_tools.samples.draft import Listing

TRANSCRIPTS = "core-sounds-en.txt.gz"
"""The file of what she says."""
SPEAKER, VOICE = "Allison Smith", "en_US_f_Allison"
"""Who she is, and the folder of her prompts."""
MAX_SECONDS = 6.0
"""Longer prompts are left out: decoding takes as long as the longest."""
_MAX_TRANSCRIPTS_BYTES = 1 << 20
_LINE = re.compile(r"([A-Za-z0-9/_-]+): (.+)")
_UNSAID = re.compile(r"[\[\]*#0-9/]")
"""A text with these is not what is said word for word: `[ascending tones]`, `press #`, `dial 2`."""


def prompts(listing: Listing) -> Iterator[Draft]:
    """One sample for each prompt of up to 6 s whose words are known: see `samples.readers`."""
    entries = list(listing.entries)
    said: dict[str, str] = {}
    for entry in entries:
        if entry.path.endswith(TRANSCRIPTS):
            said |= transcripts(entry.read(), entry.place)
    files: dict[str, bytes] = {}
    for entry in entries:
        _, _, name = entry.path.removesuffix(".g722").partition(f"{VOICE}/")
        if name in said:
            data = entry.read()
            if 0 < len(data) * g722.SAMPLES_PER_BYTE <= MAX_SECONDS * g722.RATE_HZ:
                files[name] = data
    decoded = functools.cache(lambda: _decoded(files))
    for name in files:
        yield Draft(name, SPEAKER, partial(_sample, name, said[name], decoded))


def transcripts(data: bytes, place: str) -> Mapping[str, str]:
    """What is said in each prompt, where that is known word for word.

    Args:
        data: The list, gzipped: lines of a prompt's name, a colon and its words.
        place: Where it came from, for the message.

    Raises:
        EngineError: When it is damaged.
    """
    try:
        with gzip.open(io.BytesIO(data), "rb") as file:
            text = file.read(_MAX_TRANSCRIPTS_BYTES).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise EngineError(
            f"{place}: not a gzipped list: {error}",
            "apt install --reinstall asterisk-core-sounds-en",
        ) from error
    lines = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {line[1]: line[2] for line in lines if line and not _UNSAID.search(line[2])}


def _sample(name: str, text: str, decoded: functools._lru_cache_wrapper[_Sounds]) -> Sample:
    sound = decoded()[name]
    truth = {"text": text, "speaker": SPEAKER, "intervals": alter_sound.intervals(sound)}
    return Sample(name, "sound", sound, truth, SPEAKER)


def _decoded(files: Mapping[str, bytes]) -> _Sounds:
    """All prompts at once: side by side they take little longer than the longest of them."""
    names, data = list(files), list(files.values())
    decisive = {"g722": 1, "files": cache.digest({name: files[name].hex() for name in names})}
    whole = cache.sound(decisive, lambda: np.concatenate(g722.decode(data)))
    lengths = [g722.SAMPLES_PER_BYTE * len(octets) for octets in data]
    parts = np.split(whole.astype(np.float32) / np.float32(32768), np.cumsum(lengths)[:-1])
    return dict(zip(names, parts, strict=True))


if TYPE_CHECKING:
    _Sounds = Mapping[str, NDArray[np.float32]]
