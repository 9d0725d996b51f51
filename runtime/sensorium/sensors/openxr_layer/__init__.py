"""The headset as a game sees it, through the OpenXR API layer (runtime/layer) within the game.

`sensor` is the loop, `games` the choice among games, `poses` turns an input into records;
`mapping`, `raw_file`, `checking` and `layout` read what a game writes as hostile input; `folder`,
`allowed` and `manifest` are what the owner has set up.
"""

from __future__ import annotations

from sensorium.sensors.openxr_layer.options import OpenXRLayerOptions
from sensorium.sensors.openxr_layer.sensor import OpenXRLayer

__all__ = ["OpenXRLayer", "OpenXRLayerOptions"]
