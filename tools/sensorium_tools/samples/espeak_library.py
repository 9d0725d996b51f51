"""espeak-ng as a library: its sound, and when each phoneme of it begins.

The program tells no times; `speak_lib.h` of libespeak-ng does, as events beside the sound.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium.sensors.resampler import Resampler
from sensorium_tools.samples.checks import RATE_HZ
from sensorium_tools.samples.phoneme_times import Segment, Spoken

if TYPE_CHECKING:
    from numpy.typing import NDArray

INSTALL = "apt install libespeak-ng1 espeak-ng-data"

# Constants of speak_lib.h.
_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 0x0001, 0x0002, 0x8000
_END_OF_LIST, _PHONEME = 0, 7
_RATE, _PITCH = 1, 3
_CHARACTERS_UTF8 = 1
_POSITION_CHARACTER = 1


class _Id(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int), ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p), ("languages", ctypes.c_char_p), ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte), ("age", ctypes.c_ubyte), ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte), ("score", ctypes.c_int), ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def missing() -> str:
    """Why the library cannot be used here; empty when it can."""
    return "" if ctypes.util.find_library("espeak-ng") else (
        f"the library libespeak-ng is not there; {INSTALL} brings it"
    )


def speak(voice: str, speed: int, pitch: int, text: str) -> Spoken:
    """A text as sound, with its phonemes in IPA.

    Args:
        voice: As espeak-ng calls it, with a variant: "en-us+f3".
        speed: Words a minute.
        pitch: 0 to 99.
        text: In plain words.

    Raises:
        EngineError: When the library or the voice is not there, or it says nothing.
    """
    library = _library()
    # As the program does: a name of a voice, else of a language.
    language = _Voice(languages=voice.encode())
    if library.speak.espeak_SetVoiceByName(
        voice.encode()
    ) and library.speak.espeak_SetVoiceByProperties(ctypes.byref(language)):
        raise EngineError(f"espeak-ng has no voice {voice}", "espeak-ng --voices names them")
    library.speak.espeak_SetParameter(_RATE, speed, 0)
    library.speak.espeak_SetParameter(_PITCH, pitch, 0)
    library.sound.clear()
    library.begins.clear()
    said = text.encode() + b"\0"
    failed = library.speak.espeak_Synth(
        said, len(said), 0, _POSITION_CHARACTER, 0, _CHARACTERS_UTF8, None, None
    )
    if failed or not library.sound or not library.begins:
        raise EngineError(f'espeak-ng says nothing for "{text[:40]}" with the voice {voice}')
    raw = np.concatenate(library.sound).astype(np.float32) / np.float32(32768)
    return Spoken(
        Resampler(library.rate_hz, RATE_HZ).process(raw),
        _segments(library.begins, len(raw), library.rate_hz),
    )


class _Library:
    """The library, and what its callback was given last."""

    def __init__(self) -> None:
        found = ctypes.util.find_library("espeak-ng")
        if found is None:
            raise EngineError(missing(), INSTALL)
        self.speak = ctypes.CDLL(found)
        self.rate_hz = int(self.speak.espeak_Initialize(
            _SYNCHRONOUS, 0, None, _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        ))
        if self.rate_hz <= 0:
            raise EngineError("libespeak-ng does not start: its data is not there", INSTALL)
        self.sound: list[NDArray[np.int16]] = []
        self.begins: list[tuple[int, str]] = []
        # The library keeps the pointer only: this object has to keep what it points to.
        self._callback = _Callback(self._take)
        self.speak.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self.sound.append(np.ctypeslib.as_array(samples, (count,)).copy())
        place = 0
        while events[place].type != _END_OF_LIST:
            event = events[place]
            if event.type == _PHONEME:
                self.begins.append((event.sample, event.id.string.decode("utf-8", "ignore")))
            place += 1
        return 0


@functools.cache
def _library() -> _Library:
    return _Library()


def _segments(
    begins: list[tuple[int, str]], samples: int, rate_hz: int
) -> tuple[Segment, ...]:
    """What lasts until the next begins; before the first there is silence."""
    ordered = [(0, ""), *begins]
    ends = [begin for begin, _ in ordered[1:]] + [samples]
    return tuple(
        Segment(begin / rate_hz, end / rate_hz, phoneme)
        for (begin, phoneme), end in zip(ordered, ends, strict=True)
        if end > begin
    )
