"""Which engines on texts the user has by cards of his own: found by what their cards make."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from sensorium.errors import CardError, EngineError, EngineMissing
from sensorium.inference import store
from sensorium.perception.text_classifier import is_text_classifier
from sensorium.service.problem import Problem

if TYPE_CHECKING:
    from sensorium.inference.card import Card


class Kind(NamedTuple):
    """A kind of engine that a card can make.

    Attributes:
        one: What an engine of it is.
        several: The same in the plural.
        converter: Of its card.
        part: Of its card.
        halves: What stands behind its name in the names of its cards; the last is of `part`.
    """

    one: str
    several: str
    converter: str
    part: str
    halves: tuple[str, ...] = ("",)


CLASSIFIER = Kind("classifier of texts", "classifiers of texts", "bert", "classes")
MASKED_WORDS = Kind(
    "model of masked words", "models of masked words", "bert", "masked-words"
)
TRANSLATOR = Kind(
    "translator", "translators", "marian", "decoder", halves=("-encoder", "-decoder")
)
_HOW = (
    "make one of a model's folder: engines/README.md, \"A model from a hub\"; a classifier also by "
    "sensorium-engines train text-classifier DATA.csv"
)


def names(kind: Kind) -> tuple[str, ...]:
    """What there is of a kind, by name, in alphabetic order. Looks at the disk."""
    end = kind.halves[-1]
    return tuple(sorted(
        name.removesuffix(end) for name, card in store.readable().items()
        if name.endswith(end) and _is(kind, card)
    ))


def engines(kind: Kind, name: str) -> tuple[str, ...]:
    """The engines that one of `names` consists of."""
    return tuple(name + half for half in kind.halves)


def built(kind: Kind) -> tuple[str, ...]:
    """Those of `names` whose engines are built."""
    return tuple(
        name for name in names(kind) if all(_is_built(each) for each in engines(kind, name))
    )


async def chosen(kind: Kind, model: str, default: str = "", parameter: str = "model") -> str:
    """The engine that is asked for.

    Args:
        kind: Which it must be.
        model: Its name; empty: `default`, or the only one that is built.
        default: See `model`; empty: none.
        parameter: That gave the name.

    Raises:
        Problem: 404; there is none, or none of that name. 422; there are several, or it is of
            another kind.
        EngineMissing: There is one, and it was not built.
    """
    return await asyncio.to_thread(_chosen, kind, model, default, parameter)


def _chosen(kind: Kind, model: str, default: str, parameter: str) -> str:
    known = names(kind)
    wanted = model or default
    # One half may stand for both.
    wanted = next((wanted.removesuffix(half) for half in kind.halves
                   if half and wanted.removesuffix(half) in known), wanted)
    if wanted:
        if wanted not in known:
            there = ", ".join(known) or "none"
            if wanted in store.names():
                raise Problem(
                    422, f"parameters.{parameter}: the engine {wanted} is no {kind.one}",
                    f"there are: {there}; {_HOW}",
                )
            raise Problem(
                404, f"parameters.{parameter}: there is no {wanted!a} among the {kind.several}",
                f"there are: {there}; {_HOW}",
            )
        return wanted
    ready = built(kind)
    if len(ready) > 1:
        raise Problem(
            422, f"parameters.{parameter}: there are several {kind.several}",
            f"name one: {', '.join(ready)}",
        )
    if not ready and known:
        wanted = " ".join(engines(kind, known[0]))
        raise EngineMissing(
            f"the engine {known[0]} was not built", f"sensorium-engines build {wanted}"
        )
    if not ready:
        raise Problem(404, f"there are no {kind.several} here", _HOW)
    return ready[0]


def _is(kind: Kind, card: Card) -> bool:
    made = (card.conversion.converter, card.conversion.part)
    return made == (kind.converter, kind.part) or (
        kind is CLASSIFIER and is_text_classifier(card)
    )


def _is_built(name: str) -> bool:
    try:
        store.built(store.find_card(name))
    except (CardError, EngineError):
        return False
    return True
