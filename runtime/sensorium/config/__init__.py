"""The configuration: one TOML file, decoded into frozen dataclasses; each error names its line."""

from __future__ import annotations

from sensorium.config.governor import Governor
from sensorium.config.options import decode
from sensorium.config.service import Service
from sensorium.config.settings import Config, Daemon, Inference, Recording, Section, find, load
from sensorium.config.source import Source

__all__ = [
    "Config",
    "Daemon",
    "Governor",
    "Inference",
    "Recording",
    "Section",
    "Service",
    "Source",
    "decode",
    "find",
    "load",
]
