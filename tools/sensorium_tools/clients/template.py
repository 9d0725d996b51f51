"""The hand-written parts of the clients, which the generated parts are set between."""

from __future__ import annotations

from importlib import resources


def part(language: str, name: str) -> str:
    """The text of one part.

    Args:
        language: The part's folder: `c`, `csharp` or `python`.
        name: The file in it.
    """
    folder = resources.files("sensorium_tools.clients") / "templates" / language
    return (folder / name).read_text(encoding="utf-8")
