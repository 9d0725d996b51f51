"""Who speaks: the voices of each synthesiser, for training, for choosing, and held out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.errors import EngineError
from sensorium_tools.samples import synthesisers
from sensorium_tools.train import festival, kokoro, piper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensorium_tools.progress import Progress

_NAME = re.compile(r"([a-z-]+)/([A-Za-z0-9_+-]{1,60})")

TRAINING: dict[str, tuple[str, ...]] = {
    "espeak-ng": (
        "en-us", "en-us+f2", "en-us+f4", "en-us+m3", "en-us+m7", "en-us+klatt4", "en-us+Annie",
        "en-us+Andrea", "en-us+Lee", "en-us+steph", "en-us+Denis", "en-us+norbert", "en-gb",
        "en-gb+f5", "en-gb+klatt2", "en-gb+m2", "en-gb+Alicia", "en-gb+grandma", "en-gb+Michael",
        "en-gb-scotland", "en-gb-scotland+f3", "en-gb-scotland+m8", "en-029", "en-029+f4",
        "en-029+m4", "en-gb-x-rp", "en-gb-x-rp+f1", "en-gb-x-rp+m6", "en-gb-x-gbclan+f2",
        "en-us-nyc+m3", "en-us-nyc+f5", "en-us+belinda", "en-us+anika", "en-us+travis",
        "en-gb-x-gbcwmd+m5", "en-gb+sandro", "en-us+whisper", "en-us+croak",
    ),
    "flite": ("kal16", "awb", "rms", "slt") * 4,
    "kokoro": (
        "jf_alpha", "jf_gongitsune", "jf_alpha+jf_gongitsune+50", "jf_alpha+jf_gongitsune+150",
        "jf_gongitsune+jf_alpha+150",
    ),
    "piper": ("joe",),
}
"""What a head learns from. Flite's voices, which are made of recordings of people, count fourfold:
a head that was trained without them heard none of rms and of festival's HTS voice."""
CHOOSING: dict[str, tuple[str, ...]] = {
    "espeak-ng": (
        "en-us+f3", "en-gb+m1", "en-us-nyc", "en-gb-x-gbclan", "en-029+klatt", "en-us+Mike",
    ),
    "kokoro": ("jf_nezumi",),
}
"""What its threshold is chosen on."""
HELD_OUT: dict[str, tuple[str, ...]] = {
    "espeak-ng": (
        "en-us+f1", "en-us+m1", "en-us+linda", "en-gb+klatt3", "en-gb-x-gbcwmd+f2",
        "en-gb-scotland+m6", "en-us+zac", "en-gb+shelby",
    ),
    "festival": ("cmu_us_slt_arctic_hts", "ked_diphone"),
    "kokoro": ("jf_tebukuro", "jm_kumo"),
}
"""What its report is measured on: other voices, and a synthesiser that it never heard."""


@dataclass(frozen=True)
class Voice:
    """One voice.

    Attributes:
        synthesiser: A key of `synthesisers.SYNTHESISERS`, piper or kokoro.
        name: As the program calls it.
    """

    synthesiser: str
    name: str

    def __str__(self) -> str:
        return f"{self.synthesiser}/{self.name}"


@dataclass(frozen=True)
class Cast:
    """The voices that are here.

    Attributes:
        training: What a head learns from.
        choosing: What its threshold is chosen on.
        held_out: What it is measured on.
        missing: Why others are not here.
    """

    training: tuple[Voice, ...]
    choosing: tuple[Voice, ...]
    held_out: tuple[Voice, ...]
    missing: tuple[str, ...]

    @property
    def unheard(self) -> tuple[str, ...]:
        """Synthesisers of which no voice was learnt from."""
        heard = {voice.synthesiser for voice in (*self.training, *self.choosing)}
        return tuple(sorted({voice.synthesiser for voice in self.held_out} - heard))


def cast(progress: Progress, own: Sequence[str] = ()) -> Cast:
    """Finds the voices that are here.

    Args:
        progress: Told of what is left out, and of what is fetched.
        own: Voices to learn from, as SYNTHESISER/VOICE, in the place of the usual ones.

    Raises:
        EngineError: When no synthesiser is here, or an own voice cannot be.
    """
    require()
    missing = _missing(progress)
    for name, reason in missing.items():
        progress.say(f"without {name}: {reason}")
    installed = {"festival": festival.voices()}

    def here(table: dict[str, tuple[str, ...]]) -> tuple[Voice, ...]:
        return tuple(
            Voice(synthesiser, name)
            for synthesiser, names in table.items()
            if synthesiser not in missing
            for name in names
            if name in installed.get(synthesiser, names)
        )

    training = tuple(_own(name, missing) for name in own) or here(TRAINING)
    choosing, held_out = (
        tuple(voice for voice in here(table) if voice not in training)
        for table in (CHOOSING, HELD_OUT)
    )
    return Cast(training, choosing, held_out, tuple(missing.values()))


def require() -> None:
    """Checks that the one synthesiser is here that all else leans on.

    Raises:
        EngineError: When it is not.
    """
    reason = synthesisers.missing("espeak-ng")
    if reason:
        raise EngineError(
            f"no synthesiser says the phrase: {reason}",
            "apt install espeak-ng flite festival festvox-kdlpc16k",
        )


def _missing(progress: Progress) -> dict[str, str]:
    reasons = {name: synthesisers.missing(name) for name in synthesisers.SYNTHESISERS}
    reasons |= {"piper": piper.missing(progress), "kokoro": kokoro.missing(progress)}
    return {name: reason for name, reason in reasons.items() if reason}


def _own(name: str, missing: dict[str, str]) -> Voice:
    found = _NAME.fullmatch(name)
    known = (*synthesisers.SYNTHESISERS, "piper", "kokoro")
    if not found or found[1] not in known:
        raise EngineError(
            f'"{name}" is no voice: write SYNTHESISER/VOICE',
            f"synthesisers: {', '.join(known)}; for instance espeak-ng/en-us+f3",
        )
    if found[1] in missing:
        raise EngineError(f"the voice {name} cannot speak: {missing[found[1]]}")
    return Voice(found[1], found[2])
