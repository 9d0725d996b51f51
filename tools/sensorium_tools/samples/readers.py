"""What reads a source's files: by name, a function from a source to its drafts."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from sensorium_tools.samples.manifest import READERS

if TYPE_CHECKING:
    from sensorium_tools.samples.generators import Make

_FUNCTIONS = {
    "image": "sensorium_tools.samples.images:photographs",
    "face": "sensorium_tools.samples.images:faces",
    "sound": "sensorium_tools.samples.sounds:sounds",
    "prompts": "sensorium_tools.samples.prompts:prompts",
    "hand": "sensorium_tools.samples.tracked:tracked",
    "reviews": "sensorium_tools.samples.texts:reviews",
    "intents": "sensorium_tools.samples.intents:intents",
    "rated": "sensorium_tools.samples.texts:rated",
    "labelled": "sensorium_tools.samples.texts:labelled",
}
assert tuple(_FUNCTIONS) == READERS


def reader(name: str) -> Make:
    """The reader of a name in `READERS`."""
    module, _, function = _FUNCTIONS[name].partition(":")
    made: Make = getattr(importlib.import_module(module), function)
    return made
