"""Generates the clients from the records: one file a language, which an app copies."""

from __future__ import annotations

from sensorium_tools.clients import c, csharp, python

LANGUAGES = (c, csharp, python)
"""A module each, with PATH (in the clients' room) and text()."""

__all__ = ["LANGUAGES"]
