"""Reads a vocabulary from its TOML file, in small steps, and names what is wrong in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sensorium.config import Source, decode
from sensorium.config.options import check_names
from sensorium.perception.commands.templates import SlotPlace, Wording, wordings
from sensorium.perception.commands.vocabulary import Gate, Phrase, Slot, Vocabulary
from sensorium.perception.commands.words import plain

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from sensorium.config.source import Place
    from sensorium.errors import ConfigError

Result = TypeVar("Result")

MAX_WORDINGS = 40_000
"""Wordings of one vocabulary: 5,000 phrases of eight wordings each."""
MAX_SLOTS = 8
"""Of one command: as many as the record has."""
NAME_BYTES, LONG_NAME_BYTES = 31, 63
CLOSE, MEANING = 0.8, 0.74
"""The defaults of the thresholds. That of meaning was chosen with side `CHOSEN_WITH` of
tests/benchmarks/wordings.py and the calibration side of set `intents`: from it on, about one in
twenty near things that are no command becomes one. tests/benchmarks/commands.py measures on the
other sides."""
_GATES = {"always": Gate.ALWAYS, "push_to_talk": Gate.PUSH_TO_TALK, "wake_word": Gate.WAKE_WORD}
BUILT_IN = {"number": Slot("number"), "anything": Slot("anything")}
"""Slots that every vocabulary has; it may say otherwise."""


@dataclass(frozen=True)
class Head:
    """The keys of a vocabulary beside its slots and commands."""

    app: str = field(
        metadata={"doc": "The app whose vocabulary it is, as it says hello; * is every app."}
    )
    name: str = field(default="", metadata={"doc": "Its name; else that of the file."})
    gate: tuple[str, ...] = field(
        default=("push_to_talk", "wake_word"),
        metadata={"doc": "What lets a command pass: one, or several.", "choices": tuple(_GATES)},
    )
    close_threshold: float = field(
        default=CLOSE,
        metadata={"doc": "Least score of a phrase that was said nearly so.", "min": 0.0,
                  "max": 1.0},
    )
    meaning_threshold: float = field(
        default=MEANING,
        metadata={"doc": "Least score of what means the same as a phrase.", "min": 0.0,
                  "max": 1.0},
    )


@dataclass(frozen=True)
class _Command:
    name: str = field(metadata={"doc": "What the app is told."})
    phrases: tuple[str, ...] = field(metadata={"doc": "What is said for it."})


def read(path: Path) -> Vocabulary:
    """Reads a vocabulary whole.

    Raises:
        ConfigError: Names file, line and key, and what is allowed.
    """
    return finished(reading(path))


def finished(steps: Generator[None, None, Result]) -> Result:
    """What a generator returns when all of its steps are done."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result


def reading(path: Path) -> Generator[None, None, Vocabulary]:
    """Reads a vocabulary in small steps, and returns it.

    Raises:
        ConfigError: Names file, line and key, and what is allowed.
    """
    source = Source.read(path)
    content = source.parse()
    yield
    slots = _slots(content.pop("slots", {}), source)
    commands = content.pop("commands", [])
    head = _head(content, source)
    if not isinstance(commands, list) or not all(isinstance(one, dict) for one in commands):
        raise source.error(("commands",), "must be tables", "write [[commands]] and its keys")
    if not commands:
        raise source.error((), "has no command", "write [[commands]], name and phrases")
    collected = _Collected(source, slots)
    for number, table in enumerate(commands):
        yield from collected.command(number, table)
    name = head.name or path.stem
    _check_name(name, NAME_BYTES, source, ("name",))
    gate = Gate(0)
    for one in head.gate:
        gate |= _GATES[one]
    return Vocabulary(
        head.app, name, gate, head.close_threshold, head.meaning_threshold, slots,
        tuple(collected.phrases),
    )


class _Collected:
    """The phrases of a file so far."""

    def __init__(self, source: Source, slots: Mapping[str, Slot]) -> None:
        self.phrases: list[Phrase] = []
        self._source = source
        self._slots = slots
        self._names: set[str] = set()
        self._known: dict[Wording, tuple[str, str]] = {}
        self._count = 0

    def command(self, number: int, table: Mapping[str, Any]) -> Iterator[None]:
        """Takes one `[[commands]]`, phrase by phrase."""
        place: Place = ("commands", number)
        command = decode(_Command, table, self._source, place)
        _check_name(command.name, LONG_NAME_BYTES, self._source, (*place, "name"))
        if command.name in self._names:
            raise self._source.error(
                (*place, "name"), f"there is a command {command.name} already",
                "put all its phrases into one [[commands]]",
            )
        self._names.add(command.name)
        if not command.phrases:
            raise self._source.error((*place, "phrases"), "is empty", "write at least one phrase")
        for template in command.phrases:
            self._phrase(command.name, template, (*place, "phrases"))
            yield

    def _phrase(self, command: str, template: str, place: Place) -> None:
        try:
            found = wordings(template)
        except ValueError as error:
            raise self._error(place, template, str(error)) from error
        for wording in found:
            self._check_slots(wording, template, place)
            # What may be said is the same under whatever name the command calls it.
            bare = tuple(SlotPlace(part.kind, "") if isinstance(part, SlotPlace) else part
                         for part in wording)
            other, phrase = self._known.setdefault(bare, (command, template))
            if (other, phrase) == (command, template):
                self.phrases.append(Phrase(command, wording, self._count))
            elif other != command or phrase == template:
                raise self._error(
                    place, template, f"says the same as {_quoted(phrase)} of {other}",
                    "a phrase means one command",
                )
        self._count += 1
        if len(self.phrases) > MAX_WORDINGS:
            raise self._source.error(
                place, f"more than {MAX_WORDINGS} wordings in one vocabulary",
                "use fewer phrases, optional parts or alternatives",
            )

    def _check_slots(self, wording: Wording, template: str, place: Place) -> None:
        names = [part.name for part in wording if isinstance(part, SlotPlace)]
        for part in wording:
            if isinstance(part, SlotPlace) and part.kind not in self._slots:
                raise self._error(
                    place, template, f"there is no slot {part.kind:.40}",
                    f"write [slots.{part.kind:.40}], or use: {', '.join(sorted(self._slots))}",
                )
        if len(names) != len(set(names)):
            raise self._error(
                place, template, "has a slot twice", "name them: {place:from} and {place:to}"
            )
        if len(names) > MAX_SLOTS or any(len(name) > NAME_BYTES for name in names):
            raise self._error(
                place, template, "has too many slots, or a slot of too long a name",
                f"at most {MAX_SLOTS}, of {NAME_BYTES} letters",
            )

    def _error(
        self, place: Place, template: str, problem: str, allowed: str = ""
    ) -> ConfigError:
        return self._source.error(place, f"{_quoted(template)}: {problem}", allowed)


def _head(content: dict[str, Any], source: Source) -> Head:
    if isinstance(content.get("gate"), str):
        content["gate"] = [content["gate"]]
    check_names(content, (*Head.__dataclass_fields__, "slots", "commands"), "key", source, ())
    head = decode(Head, content, source, ())
    if not head.app.strip():
        raise source.error(("app",), "is empty", "the app's name as it says hello, or *")
    if not head.gate:
        raise source.error(("gate",), "is empty", f"one or more of {', '.join(_GATES)}")
    return head


def _slots(tables: Any, source: Source) -> dict[str, Slot]:
    if not isinstance(tables, dict):
        raise source.error(("slots",), "must be a table", "write [slots.place] and its keys")
    slots = dict(BUILT_IN)
    for name, table in tables.items():
        place: Place = ("slots", name)
        if not isinstance(table, dict):
            raise source.error(place, "must be a table", f"write [slots.{name}] and its keys")
        slot = decode(Slot, table, source, place)
        if (slot.kind == "values") != bool(slot.values):
            raise source.error(
                (*place, "values"), "is missing, or the slot's kind is another",
                'a list of texts, or kind = "number" or "anything"',
            )
        _check_values(slot, source, (*place, "values"))
        slots[name] = slot
    return slots


def _check_values(slot: Slot, source: Source, place: Place) -> None:
    known: dict[tuple[str, ...], str] = {}
    for value in slot.values:
        words = tuple(plain(value))
        if not words:
            raise source.error(place, f"{_quoted(value)} has no word", "words that can be said")
        if known.setdefault(words, value) is not value:
            raise source.error(
                place, f"{_quoted(value)} is there twice", "each value once"
            )
        _check_name(value, LONG_NAME_BYTES, source, place)


def _check_name(name: str, limit: int, source: Source, place: Place) -> None:
    if not name or not name.isprintable() or len(name.encode()) > limit:
        raise source.error(
            place, f"{_quoted(name)} is no name", f"1 to {limit} bytes of letters that can be seen"
        )


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= 60 else text[:57] + "..."}"'
