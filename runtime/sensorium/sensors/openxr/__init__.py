"""The headset, through OpenXR: head, hands, controllers and gaze of a headless session.

`sensor` is the loop; `runtime` connects to the OpenXR runtime; `hands`, `controllers` and `gaze`
each turn one extension or action set into a record; `locating` finds many spaces with one call;
`timing` paces the loop and converts times; `structures` are the memory that OpenXR fills.
Importing this package does not import the OpenXR binding, which needs system libraries.
"""

from __future__ import annotations

from sensorium.sensors.openxr.options import OpenXROptions
from sensorium.sensors.openxr.sensor import OpenXR

__all__ = ["OpenXR", "OpenXROptions"]
