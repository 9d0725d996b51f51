"""Calibration and evaluation samples: the sets of the room calibration/, loaded or generated."""

from __future__ import annotations

from sensorium_tools.samples.loading import find, identity, load, names
from sensorium_tools.samples.sample import Sample

__all__ = ["Sample", "find", "identity", "load", "names"]
