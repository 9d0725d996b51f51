"""Sentences into a real microphone while processes die, stall, and the device is unplugged.

    python tests/benchmarks/voice_faults.py [--faults 500] [--json FILE]

Each fault strikes at a random moment of a sentence (the device goes between two). An utterance is
lost when it never gets a final transcript, twice when it gets two. A sentence is unheard when the
text that came from its time has less than half of its words, or half as many more.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from figures import Figures
from fixtures import engines
from fixtures.voice_faults import Line
from rich.console import Console


def main() -> None:
    """Injects and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--faults", type=int, default=500, help="how many; default: 500")
    options, _ = parser.parse_known_args()
    for name in ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder"):
        engines.ensure_built(name)
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder, Line(Path(folder)) as line, console.status(
        "faults"
    ) as status:
        outcome = line.run(
            options.faults, lambda at, name: status.update(f"{at} of {options.faults}: {name}")
        )
    figures = Figures("Faults while one speaks", ("fault", "times", "sentences not heard right"))
    for name, times in outcome.faults.items():
        unheard = sum(one.startswith(f"{name}:") for one in outcome.unheard)
        figures.row(name, times, unheard)
    figures.row("utterances", len(outcome.utterances), "")
    for one in outcome.unheard:
        console.print(one, markup=False)
    figures.goal("utterances lost", len(outcome.unanswered) + outcome.lost, 0)
    figures.goal("utterances delivered twice", len(outcome.twice), 0)
    figures.goal("delivered out of order", int(not outcome.in_order), 0)
    figures.goal("sentences not heard right", len(outcome.unheard), 0)
    figures.show()


if __name__ == "__main__":
    main()
