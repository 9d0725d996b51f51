"""`sensorium-engines train`: what can be trained, and how its result is shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium_tools.train import page as wake_page
from sensorium_tools.train.movement import page as movement_page
from sensorium_tools.train.movement import train as train_movement
from sensorium_tools.train.texts import classifier
from sensorium_tools.train.texts import page as text_page
from sensorium_tools.train.viseme import page as viseme_page
from sensorium_tools.train.viseme import train as train_viseme
from sensorium_tools.train.wake_word import train as train_wake_word

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from sensorium_tools.progress import Progress


def add_kinds(command: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Adds a parser for each kind of what can be trained; gives them."""
    kinds = command.add_subparsers(required=True, metavar="KIND", dest="kind")

    def kind(name: str, says: str, makes: Callable[..., dict[str, Any]]) -> Any:
        made = kinds.add_parser(name, help=says, description=f"{says.capitalize()}.")
        made.add_argument(
            "--to", type=Path, metavar="FOLDER",
            help="write the engine's folder into this one, and do not install it; default: the "
            "user's own engines",
        )
        made.set_defaults(makes=makes)
        return made

    wake = kind("wake-word", "train a wake word; minutes on two cores", _wake_word)
    wake.add_argument("phrase", metavar="PHRASE", help='for instance "hey sensorium"')
    wake.add_argument("--name", default="", help="of the engine; default: from the phrase")
    wake.add_argument(
        "--voices", nargs="+", default=(), metavar="SYNTHESISER/VOICE",
        help="to learn from, in the place of the usual ones; for instance espeak-ng/en-gb+f2",
    )
    text = kind(
        "text-classifier", "train a classifier of texts; some minutes for 30,000 short ones", _text
    )
    text.add_argument("file", metavar="DATA.csv", type=Path, help="with the columns text and label")
    text.add_argument("--name", default="", help="of the engine; default: from the file's name")
    text.add_argument("--text", default="text", metavar="COLUMN", help="of the texts")
    text.add_argument("--label", default="label", metavar="COLUMN", help="of their labels")
    text.add_argument("--encoding", default="", help="of the file; default: found")
    text.add_argument(
        "--model", default="", choices=classifier.MODELS,
        help="train this one alone; default: both, and keep the better one",
    )
    text.add_argument("--seed", type=_seed, default=0, help="decides all; default: 0")
    text.add_argument(
        "--replace", action="store_true", help="a classifier of that name may be replaced"
    )
    return [
        wake, text,
        kind("viseme", "train the visemes", _learned(train_viseme, viseme_page)),
        kind("gesture", "train a hand's movements", _learned(train_movement, movement_page)),
    ]


def name(arguments: argparse.Namespace) -> str:
    """What is trained, for a message."""
    given = vars(arguments)
    return str(given.get("name") or given.get("phrase") or given.get("file") or arguments.kind)


def train(arguments: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Trains what was asked for, and installs it.

    Raises:
        EngineError: It cannot be trained from what was given.
    """
    made: dict[str, Any] = arguments.makes(arguments, progress)
    return {"state": "trained", **made}


def _wake_word(arguments: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    report = train_wake_word(
        arguments.phrase, progress, name=arguments.name, voices=arguments.voices,
        room=arguments.to,
    )
    return {"name": report["name"], "page": wake_page.readme(report), "report": report}


def _text(arguments: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    given = {
        key: getattr(arguments, key)
        for key in ("file", "name", "text", "label", "encoding", "model", "seed", "replace")
    }
    report = classifier.train(classifier.Wish(**given, room=arguments.to), progress)
    page = text_page.readme(report)
    if "precision" in report:
        why = f": {report['precision_why']}" if report["precision_why"] else ""
        page += f"\nInstalled in {report['precision']}{why}. {report['folder']}\n"
    return {"name": report["name"], "page": page, "report": report}


def _learned(
    make: Callable[..., dict[str, Any]], page: Callable[[Any], str]
) -> Callable[[argparse.Namespace, Progress], dict[str, Any]]:
    """What learns from a shipped set alone."""

    def made(arguments: argparse.Namespace, progress: Progress) -> dict[str, Any]:
        report = make(progress, room=arguments.to)
        return {"page": page(report), "report": report}

    return made


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError("is below 0")
    return value
