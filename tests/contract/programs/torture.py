"""Reads as fast as it can and checks every word; torture.py CLIENT DIRECTORY CHANNEL MODE READS."""

from __future__ import annotations

import json
import struct
import sys

sys.path.insert(0, sys.argv[1])
import sensorium_client as sensorium

A, B, MASK = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xFFFFFFFFFFFFFFFF

session = sensorium.connect("torture", sys.argv[2])
channel = session.channel(sys.argv[3])
take = channel.next if sys.argv[4] == "next" else channel.read
reads = int(sys.argv[5])
fresh = torn = backward = last = 0
while reads > 0 or fresh < 1000:
    reads -= 1
    reading = take(sensorium.now_ns())
    sample = reading.sample
    if sample is None or sample.n == last:
        continue
    fresh += 1
    backward += sample.n < last
    last = sample.n
    words = struct.unpack(f"<{len(sample.raw) // 8}Q", sample.raw)
    torn += any(word != (last * A + i * B) & MASK for i, word in enumerate(words))
done = int(sys.argv[5]) - reads
print(json.dumps({"reads": done, "new": fresh, "torn": torn, "backward": backward}))
