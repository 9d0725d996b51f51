"""What makes samples: by name, a function from a source to its drafts."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sensorium_tools.samples.manifest import GENERATORS

if TYPE_CHECKING:
    from sensorium_tools.samples.draft import Draft, Listing
    from sensorium_tools.samples.manifest import Manifest, Source

Make = Callable[["Listing"], "Iterator[Draft]"]

_FUNCTIONS = {
    "hands": "sensorium_tools.samples.kinematic:hands",
    "speech": "sensorium_tools.samples.speech:speech",
    "mouths": "sensorium_tools.samples.mouths:mouths",
    "motions": "sensorium_tools.samples.motions:motions",
}
_MISSING = {
    "speech": "sensorium_tools.samples.speech:missing",
    "mouths": "sensorium_tools.samples.mouths:missing",
}
_STAMPS = {
    "speech": "sensorium_tools.samples.synthesisers:stamp",
    "mouths": "sensorium_tools.samples.synthesisers:stamp",
}
"""What decides a generator's samples beside its options: the programs that are there."""
assert tuple(_FUNCTIONS) == GENERATORS


def generator(name: str) -> Make:
    """The generator of a name in `GENERATORS`."""
    made: Make = _named(_FUNCTIONS[name])
    return made


def missing(whole: Manifest, source: Source) -> str:
    """Why a source's generator cannot be used here; empty when it can."""
    name = source.generator
    return str(_named(_MISSING[name])(whole, source)) if name in _MISSING else ""


def stamp(name: str) -> str:
    """What of this machine decides a generator's samples; empty: nothing."""
    return str(_named(_STAMPS[name])()) if name in _STAMPS else ""


def _named(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)
