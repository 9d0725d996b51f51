"""`sensorium enrol`: the wearer reads a few sentences, so that his voice is known.

`sensorium enrol gesture NAME` is another story: see `enrol_gesture`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from sensorium.cli import enrol_gesture, json_option
from sensorium.cli.listening import Listening
from sensorium.cli.sound_file import pieces
from sensorium.errors import EnrolmentError
from sensorium.inference import manifest as manifests
from sensorium.inference import store
from sensorium.perception import enrolling, enrolment, private_file
from sensorium.perception.voiceprint import ENGINE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from sensorium.cli.output import Output
    from sensorium.inference.engine import Engine
    from sensorium.perception.enrolling import Heard
    from sensorium.perception.enrolment import Enrolment

APP = "sensorium-enrol"
"""The name under which the microphone's sound is asked for."""
TEXTS = (
    "The birch canoe slid on the smooth planks, and the dog ran along the shore.",
    "Glue the sheet to the dark blue background, then wait until it is dry.",
    "It is easy to tell the depth of a well, but hard to say who dug it.",
    "These days a chicken leg is a rare dish, and rice is often served in round bowls.",
    "The juice of lemons makes fine punch when the evenings are warm.",
    "The box was thrown beside the parked truck, where nobody looked for it.",
)
"""After the first lists of the Harvard sentences (IEEE, 1969), made longer: about four seconds."""
TRIES = 5
"""For one sentence."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this command's arguments."""
    kinds = parser.add_subparsers(dest="kind", metavar="gesture")
    gesture = kinds.add_parser(
        "gesture", help="enrol, list or delete a gesture of your own, instead of the voice"
    )
    json_option.add(gesture, nested=True)
    enrol_gesture.arguments(gesture)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--from", dest="source", type=Path, metavar="FILE",
        help="of a sound file (WAV, FLAC, Ogg, MP3) or a recording (MCAP) with one voice, instead "
        "of the microphone",
    )
    parser.add_argument(
        "--sentences", type=int, default=len(TEXTS), metavar="N",
        choices=range(enrolling.SENTENCES[0], len(TEXTS) + 1),
        help=f"so many to read, {enrolling.SENTENCES[0]} to {len(TEXTS)} (default); more know the "
        "voice better",
    )
    what.add_argument("--delete", action="store_true", help="forget the wearer's voice")
    what.add_argument("--show", action="store_true", help="say whether somebody is enrolled")


def run(args: argparse.Namespace, output: Output) -> int:
    """Enrols, shows or deletes."""
    if args.kind == "gesture":
        return enrol_gesture.run(args, output)
    path = enrolment.place()
    if args.delete:
        gone = private_file.delete(path)
        output.document({"deleted": gone, "file": str(path)})
        output.console.print("the voice is forgotten" if gone else "nobody was enrolled")
        return 0
    if args.show:
        found = enrolment.read(path)
        _tell("enrolled", found, path, output)
        return 0
    engine = store.load(ENGINE)
    try:
        heard = list(_of_file(args.source, engine, output) if args.source else
                     _of_microphone(TEXTS[: args.sentences], engine, output))
        built = manifests.read(store.built_folder(ENGINE) / manifests.FILE_NAME, "")
        made = enrolling.enrol(heard, engine, built.identity, built.sha256)
    finally:
        engine.close()
    enrolment.write(path, made)
    _tell("enrolled", made, path, output)
    return 0


def _of_microphone(
    texts: Sequence[str], engine: Engine, output: Output
) -> Iterator[Heard]:
    """Shows one sentence after the other until each was read well."""
    with Listening(APP) as listening, _progress(output) as progress:
        task = progress.add_task("sentences", total=len(texts))
        for number, text in enumerate(texts, 1):
            progress.console.print(f"\n{number} of {len(texts)}. Read aloud:", markup=False)
            progress.console.print(f"  {text}", style="bold", markup=False)
            yield _read(listening, engine, progress)
            progress.advance(task)


def _read(listening: Listening, engine: Engine, progress: Progress) -> Heard:
    for left in range(TRIES - 1, -1, -1):
        try:
            return enrolling.hear(listening.utterance(), engine)
        except EnrolmentError as error:
            if not left:
                raise
            progress.console.print(f"  {error.message}: {error.remedy}. Once more:",
                                   style="yellow", markup=False)
    raise AssertionError


def _of_file(path: Path, engine: Engine, output: Output) -> Iterator[Heard]:
    """The sentences of a file: those that cannot be used are named and left out."""
    sounds = pieces(path)
    with _progress(output) as progress:
        task = progress.add_task(path.name, total=len(sounds))
        taken = 0
        for place_s, sound in sounds:
            progress.advance(task)
            if taken == enrolling.SENTENCES[1]:
                break
            try:
                heard = enrolling.hear(sound, engine)
            except EnrolmentError as error:
                progress.console.print(
                    f"left out what begins at {place_s:.1f} s: {error.message}", markup=False
                )
                continue
            taken += 1
            yield heard


def _progress(output: Output) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        console=output.console, transient=True,
    )


def _tell(what: str, found: Enrolment, path: Path, output: Output) -> None:
    thresholds = {seconds: round(found.threshold(seconds), 3) for seconds in enrolment.OTHERS}
    output.document(
        {
            what: True,
            "file": str(path),
            "made": found.made,
            "sentences": found.sentences,
            "seconds": found.seconds,
            "thresholds": {f"{seconds:g}": at for seconds, at in thresholds.items()},
        }
    )
    output.console.print(
        f"{what}: {found.sentences} sentences, {found.seconds:.0f} s of speech, {found.made}; "
        f"it lies in {path} and nowhere else; sensorium enrol --delete forgets it", markup=False,
    )
