"""An app in Python that says each command that it is told: folder of the client, app."""

import sys
import time

sys.path.insert(0, sys.argv[1])

import sensorium_client as sensorium

session = sensorium.connect(sys.argv[2])
command = session.channel("command")
command.seek_newest()
print("ready", flush=True)
end = time.monotonic() + 20
while time.monotonic() < end:
    reading = command.next(sensorium.now_ns())
    if reading.status is sensorium.Status.NEW:
        record = reading.record
        slots = record.slots[: record.slot_count]
        values = (f"{slot.name}={slot.value}" for slot in slots)
        print(record.name, *values, record.gate, flush=True)
        sys.stdin.read()
        break
    time.sleep(0.005)
else:
    print(reading.status, reading.reason, command.explain(), flush=True)
session.close()
