"""The option `--json`, which every command and every action of a command has."""

from __future__ import annotations

import argparse


def add(parser: argparse.ArgumentParser, *, nested: bool = False) -> None:
    """Adds `--json`.

    Args:
        parser: Of a command or an action.
        nested: For an action: what was given before it stands.
    """
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS if nested else False,
        help="one JSON document on stdout, the rest on stderr",
    )
