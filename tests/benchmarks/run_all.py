"""Runs the benchmarks one after the other: one JSON document and one table of what they reach.

    python tests/benchmarks/run_all.py [--only NAME ...] [--json FILE] [--markdown FILE]

A benchmark that cannot run here (a sound server, an OpenXR runtime is missing) is named with its
last words. The load average of the machine stands beside each: figures of a busy machine are those
of a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from figures import machine

HERE = Path(__file__).resolve().parent
NAMES = (
    "publish", "c_reader", "torture", "recovery", "motion_latency", "sound_latency", "footprint",
    "frame_times", "frames", "governor", "openxr_layer", "openxr_layer_rate", "senses",
    "gestures", "hand_gestures", "other_hands", "own_gestures", "own_movements",
    "head_gestures", "targets", "gaze", "fusion", "gpu_fallback", "engine_call", "engine_peers",
    "engine_bundle", "page",
    "voice_latency", "voice_cost", "speech_accuracy", "monologue",
    "speech_languages", "wake_word", "commands", "false_commands", "spoken_commands",
    "text_classifier", "speaker", "viseme", "echo", "noise_suppression", "voice_faults",
)
LIMIT_S = 1200


def main() -> int:
    """Runs and writes; 1 when one could not run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME",
                        help=", ".join(NAMES))
    parser.add_argument("--json", type=Path, help="write all documents to this file")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    options = parser.parse_args()
    documents = [_run(name) for name in options.only]
    text = _table(documents)
    sys.stdout.write(text)
    if options.json:
        options.json.write_text(json.dumps(documents, indent=1) + "\n")
    if options.markdown:
        options.markdown.write_text(text)
    return int(any("failed" in document for document in documents))


def _run(name: str) -> dict[str, Any]:
    """One benchmark's document."""
    begun, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "document.json"
        sys.stderr.write(f"{name} ...\n")
        try:
            done = subprocess.run(
                [sys.executable, str(HERE / f"{name}.py"), "--json", str(file)],
                capture_output=True, text=True, check=False, timeout=LIMIT_S,
            )
            words = (done.stderr or done.stdout).strip().splitlines()
        except subprocess.TimeoutExpired:
            words = [f"not done within {LIMIT_S} s"]
        document: dict[str, Any] = (
            json.loads(file.read_text())
            if file.exists()
            else {"failed": words[-1] if words else "it said nothing", "goals": []}
        )
    seconds = round(time.monotonic() - begun)
    return document | {
        "name": name, "command": f"python tests/benchmarks/{name}.py", "seconds": seconds,
        "load_average_before": round(load, 2),
    }


def _table(documents: list[dict[str, Any]]) -> str:
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {machine()}, by "
        "`python tests/benchmarks/run_all.py`.",
        "",
        "| benchmark | load | goal | measured | limit | |",
        "|---|---|---|---|---|---|",
    ]
    for document in documents:
        head = f"| `{document['name']}.py` | {document['load_average_before']} |"
        if "failed" in document:
            lines.append(f"{head} did not run: {document['failed']} | | | |")
        for goal in document["goals"]:
            mark = "reached" if goal["reached"] else "**missed**"
            lines.append(
                f"{head} {goal['goal']} | {goal['measured']:g} | {goal['limit']:g} | {mark} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
