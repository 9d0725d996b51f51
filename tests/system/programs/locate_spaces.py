"""Connects to the OpenXR runtime and prints, as JSON, the head found in three ways.

A runtime that offers XR_KHR_locate_spaces uses `BatchLocator`, another `SingleLocator`; the gaze is
located by a call of its own, here of the head's space, since no runtime for tests tracks eyes.
"""

import json
import sys
import time

from sensorium import records
from sensorium.clock import now_ns
from sensorium.sensors.openxr import OpenXROptions
from sensorium.sensors.openxr.gaze import Gaze
from sensorium.sensors.openxr.locating import BatchLocator, SingleLocator
from sensorium.sensors.openxr.runtime import connect
from sensorium.sensors.openxr.session import Session
from sensorium.sensors.openxr.spaces import create_space

runtime = connect()
session = Session(runtime, OpenXROptions(), 0)
while not session.running:
    session.take_events()
    time.sleep(0.01)
calls, base = session.calls, session.base
head = create_space(runtime, session.handle, runtime.xr.ReferenceSpaceType.VIEW)
xr_time = session.converter.xr_time(now_ns())
found = {}
for name, locator in (
    ("batch", BatchLocator(calls, session.handle, base, [head] * 3)),
    ("single", SingleLocator(calls, base, [head] * 3)),
):
    locator.locate(xr_time, 1, 3)
    found[name] = {
        field: locator.room.locations[field].tolist()
        for field in ("flags", "position", "orientation")
    }
gaze = records.GAZE.zeros()
found["gaze"] = {
    "tracked": Gaze(calls, head, base, gaze).locate(xr_time, 0),
    **{
        field: gaze[field][0].tolist()
        for field in ("flags", "origin", "orientation", "direction", "sample_ns")
    },
}
json.dump(found, sys.stdout)
session.close()
runtime.close()
