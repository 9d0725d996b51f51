"""Sentences into a real microphone while processes die, stall, and the device is unplugged.

    python tests/benchmarks/voice_faults.py [--faults 500] [--lines 2] [--json FILE]

Each fault strikes at a random moment of a sentence (the device goes between two). An utterance is
lost when it never gets a final transcript, twice when it gets two. A sentence is unheard when two
fifths of its letters are wrong in the text that came from its time. Lines are daemons side by side.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from figures import Figures
from fixtures import engines
from fixtures.voice_faults import Line, Outcome
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress


def main() -> None:
    """Injects and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--faults", type=int, default=500, help="how many; default: 500")
    parser.add_argument("--lines", type=int, default=2, help="daemons side by side; default: 2")
    options, _ = parser.parse_known_args()
    for name in ("silero-vad", "whisper-tiny-en-encoder", "whisper-tiny-en-decoder"):
        engines.ensure_built(name)
    shares = [
        options.faults // options.lines + (line < options.faults % options.lines)
        for line in range(options.lines)
    ]
    console = Console(stderr=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress(
            *Progress.get_default_columns(), MofNCompleteColumn(), console=console
        ) as progress,
        ThreadPoolExecutor(options.lines) as pool,
    ):
        outcomes = list(pool.map(
            lambda line: _line(Path(folder) / str(line), line, shares[line], progress),
            range(options.lines),
        ))
    figures = Figures("Faults while one speaks", ("fault", "times", "sentences not heard right"))
    unheard = [one for outcome in outcomes for one in outcome.unheard]
    faults: Counter[str] = Counter()
    for outcome in outcomes:
        faults.update(outcome.faults)
    for name, times in faults.items():
        figures.row(name, times, sum(one.startswith(f"{name}:") for one in unheard))
    figures.row("utterances", sum(len(outcome.utterances) for outcome in outcomes), "")
    for one in unheard:
        console.print(one, markup=False)
    figures.goal(
        "utterances lost",
        sum(len(outcome.unanswered) + outcome.lost for outcome in outcomes), 0,
    )
    figures.goal("utterances delivered twice", sum(len(outcome.twice) for outcome in outcomes), 0)
    figures.goal("lines out of order", sum(not outcome.in_order for outcome in outcomes), 0)
    figures.goal("sentences not heard right", len(unheard), 0)
    figures.show()


def _line(folder: Path, seed: int, faults: int, progress: Progress) -> Outcome:
    folder.mkdir()
    task = progress.add_task(f"line {seed}", total=faults)
    with Line(folder, seed) as line:
        return line.run(
            faults, lambda at, name: progress.update(task, completed=at, description=name)
        )


if __name__ == "__main__":
    main()
