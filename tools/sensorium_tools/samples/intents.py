"""Sentences of Home Assistant's intents: what people ask a house to do."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.errors import EngineError
from sensorium_tools.samples.draft import Draft
from sensorium_tools.samples.sample import Sample
from sensorium_tools.samples.sentence_templates import Templates
from sensorium_tools.samples.texts import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensorium_tools.samples.draft import Listing

WORDS = {
    "area": ("kitchen", "bedroom", "living room", "garage", "bathroom", "office", "hallway"),
    "name": ("ceiling lamp", "front door", "fan", "heater", "radio", "kitchen blinds", "heating"),
    "floor": ("ground floor", "first floor", "basement", "attic"),
    "message": ("dinner is ready", "we leave in ten minutes", "please come down"),
    "search_query": ("jazz", "the Beatles", "a song about rain", "piano music"),
    "timer_name": ("pizza", "tea", "laundry", "egg"),
    "timer_command": ("turn off the lights", "open the garage door", "stop the music"),
    "zone": ("work", "school", "home"),
    "shopping_list_item": ("apples", "milk", "two loaves of bread", "coffee"),
    "todo_list_item": ("call the plumber", "water the plants", "pay the rent"),
}
"""For lists that hold what is in the user's own house."""


def intents(listing: Listing) -> Iterator[Draft]:
    """`augment` + 1 sentences of each template of a language's file: see `samples.readers`."""
    for entry in listing.entries:
        try:
            content = json.loads(decoded(entry))
            templates = Templates(content["expansion_rules"], content["lists"], WORDS)
            sentences = [
                (intent, template)
                for intent, found in content["intents"].items()
                for block in found["data"]
                for template in block["sentences"]
            ]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise EngineError(
                f"{entry.place}: not a file of intents: {type(error).__name__} {error}",
                "replace it",
            ) from error
        for number, (intent, template) in enumerate(sentences):
            origin = f"{intent}: {template}"
            for copy in range(listing.source.augment + 1):
                name = f"{intent}-{number:04d}#{copy}"
                seed = [listing.source.seed, number, copy]
                yield Draft(
                    name, origin, partial(_sample, templates, name, intent, template, origin, seed)
                )


def _sample(
    templates: Templates, name: str, intent: str, template: str, origin: str, seed: list[int]
) -> Sample:
    text = templates.sentence(template, np.random.default_rng(seed))
    truth: dict[str, Any] = {"class": intent, "template": template}
    return Sample(name, "text", text, truth, origin)
