"""What each command of `sensorium-engines` does, and how its result is shown."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sensorium import folders
from sensorium.errors import EngineError
from sensorium.inference import store
from sensorium_tools import artefacts, bench_engine, sources
from sensorium_tools import build as building
from sensorium_tools.calibrate import calibrate as calibrate_from
from sensorium_tools.install import installed, write
from sensorium_tools.train import page as training_page
from sensorium_tools.train import result
from sensorium_tools.train.texts import files as text_files
from sensorium_tools.train.texts import page as text_page
from sensorium_tools.verify.explanation import explanation
from sensorium_tools.verify.report import Report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from sensorium.inference.card import Card
    from sensorium_tools.progress import Progress

COLUMNS = {
    "fetch": ("name", "state", "bytes"),
    "build": ("name", "state", "precision", "bytes", "why"),
    "bench": ("name", "precision", "p50_ms", "p99_ms", "bare_run", "fp32"),
    "list": ("name", "state", "precision", "licence", "title", "head"),
    "calibrate": ("name", "state", "samples", "folder"),
    "gc": ("removed", "freed", "left"),
}
"""Columns of a command's table."""
PAGES: dict[str, Callable[[dict[str, Any]], str]] = {
    "verify": lambda row: str(row["page"]),
    "explain": lambda row: str(row["page"]),
    "train": lambda row: str(row["page"]),
    "try": lambda row: str(row["page"]),
}
"""Commands whose result is a page for each engine."""
_APART = "\n## Measured by "
"""Heading of a page's last part, which a person writes."""


def fetch(card: Card, progress: Progress, _arguments: argparse.Namespace) -> dict[str, Any]:
    """Brings the weights of a card onto this disk."""
    was_there = bool(sources.fetched(card))
    paths = sources.fetch(card, progress)
    return {
        "state": "present" if was_there else "fetched",
        "files": [str(path) for path in paths],
        "bytes": sum(path.stat().st_size for path in paths),
        "sha256": [store.sha256(path) for path in paths],
    }


def build(card: Card, progress: Progress, arguments: argparse.Namespace) -> dict[str, Any]:
    """Builds a card's engine."""
    begun = time.monotonic()
    before = installed(card)
    manifest = building.build(card, progress, force=arguments.force, quick=arguments.quick)
    file = store.built_folder(card.name) / manifest.file
    same = before is not None and before.key == manifest.key and not arguments.force
    return {
        "state": "present" if same else "built",
        "seconds": round(time.monotonic() - begun, 3),
        "precision": manifest.precision,
        "file": str(file),
        "bytes": file.stat().st_size,
        "sha256": manifest.sha256,
        "why": (building.report(card) or {}).get("why", ""),
    }


def verify(card: Card, progress: Progress, arguments: argparse.Namespace) -> dict[str, Any]:
    """Judges a card's engine again."""
    building.build(card, progress, force=True)
    content = building.report(card)
    if content is None:
        raise EngineError(f"{card.name}: has no report", f"sensorium-engines build {card.name}")
    page = Report.from_content(content).to_markdown() + _training(card) + _apart(card)
    if arguments.write_readme:
        if card.folder.parent != folders.data_room("engines") or not _is_checkout(card.folder):
            raise EngineError(
                f"{card.folder}: is not in a checkout", "leave --write-readme out"
            )
        write(card.folder / "README.md", page.encode())
    return {"state": "verified", "page": page, "report": content}


def bench(card: Card, progress: Progress, _arguments: argparse.Namespace) -> dict[str, Any]:
    """Times an installed engine on this device."""
    return {"state": "timed", **bench_engine.bench(card, progress)}


def listed(card: Card, _progress: Progress, _arguments: argparse.Namespace) -> dict[str, Any]:
    """What is there of a card."""
    manifest = installed(card)
    state = "built" if manifest else "fetched" if sources.fetched(card) else "missing"
    if card.engine.unverified:
        state += ", not verified by the project"
    return {
        "state": state,
        "precision": manifest.precision if manifest else "",
        "backend": card.engine.backend,
        "licence": card.upstream.licence,
        "opt_in": card.engine.opt_in,
        "unverified": card.engine.unverified,
        "title": card.engine.title,
        **({"head": card.objects.head} if card.objects.head else {}),
        "sources": [
            f"{source.package}=={source.version}" if source.package else source.kind
            for source in card.sources
        ],
        "card": str(card.folder),
    }


def explain(card: Card, _progress: Progress, _arguments: argparse.Namespace) -> dict[str, Any]:
    """Where an engine is from, what was decided of it, and why."""
    content = building.report(card)
    manifest = installed(card)
    whole = card if manifest is None else store.with_ports(card)
    return {
        "state": "explained",
        "page": explanation(whole, content),
        "card": {key: value for key, value in asdict(card).items() if key != "folder"},
        "report": content,
    }


def calibrate(recording: Path, name: str, progress: Progress) -> dict[str, Any]:
    """Makes a calibration set of the user's own recording."""
    return calibrate_from(recording, name, progress)


def sweep(max_mb: int) -> dict[str, Any]:
    """Brings the cache under a size.

    Raises:
        EngineError: When the size is not a positive number.
    """
    if max_mb < 0:
        raise EngineError(f"--max-mb {max_mb}: cannot be less than 0", "0 removes everything")
    done = artefacts.sweep(max_mb * 1_000_000)
    return {"state": "swept", "removed": done.removed, "freed": done.freed, "left": done.left}


def _training(card: Card) -> str:
    """What a training found of a head, where one made it."""
    for file, readme in (
        (result.REPORT, training_page.readme), (text_files.REPORT, text_page.readme),
    ):
        path = card.folder / file
        if path.is_file():
            return "\n" + readme(json.loads(path.read_bytes()))
    return ""


def _apart(card: Card) -> str:
    """What a page says of the engine that `verify` does not measure: its last part is kept."""
    path = card.folder / "README.md"
    page = path.read_text(encoding="utf-8") if path.is_file() else ""
    _, heading, rest = page.partition(_APART)
    return heading + rest


def _is_checkout(folder: Path) -> bool:
    return (folder.parent.parent / "pyproject.toml").is_file()
