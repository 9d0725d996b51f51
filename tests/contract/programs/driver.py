"""One command a line in, one answer a line out; driver_main.c and Driver.cs do the same."""

from __future__ import annotations

import sys

sys.path.insert(0, sys.argv[1])
import sensorium_client as sensorium

session: sensorium.Session
channels: dict[str, sensorium.Channel] = {}


def find(name: str) -> sensorium.Channel:
    if name not in channels:
        channels[name] = session.channel(name)
    return channels[name]


def said(status: sensorium.Status) -> str:
    return f"{status.name} {session.message}|{session.remedy}"


ages: dict[str, int] = {}


def taken(name: str, reading: sensorium.Reading) -> str:
    value = 0.0
    ages[name] = reading.age_ns
    if reading.sample is not None:
        record = reading.sample.record
        value = record.pose.position[0] if name == "head" else record.score
    reason = sensorium.Reason(reading.reason).name.lower()
    return f"{reading.status.name} {reading.sample.n if reading.sample else 0} {reason} {value:g}"


def answer(verb: str, rest: str) -> str:
    global session
    now = sensorium.now_ns()
    if verb == "connect":
        session = sensorium.connect(rest)
        return said(session.status)
    if verb == "reconnect":
        return said(session.reconnect())
    if verb == "open":
        return said(session.open(rest))
    if verb == "ended":
        return str(int(session.ended(now)))
    if verb == "close":
        session.close()
        return "OK"
    if verb == "wait":
        timeout, *names = rest.split()
        waiting = [find(name) for name in names]
        if sensorium.wait(waiting, int(timeout) / 1000):
            return "OK"
        return "SAME" if all(c._gone() is None for c in waiting) else "CLOSED"
    channel = find(rest)
    if verb == "bind":
        return said(channel.status)
    if verb in ("read", "later"):
        return taken(rest, channel.read(now + (500_000_000 if verb == "later" else 0)))
    if verb == "next":
        return taken(rest, channel.next(now))
    if verb in ("oldest", "newest"):
        channel.seek_oldest() if verb == "oldest" else channel.seek_newest()
        return "OK"
    if verb == "lost":
        return f"{channel.lost} {channel.resets}"
    if verb == "age":
        return f"{ages[rest]} {int(channel._region.foreign_clock)}"
    if verb == "explain":
        return channel.explain()
    if verb == "frame":
        timing = {"frame": 1, "begin_ns": now, "end_ns": sensorium.now_ns(), "source": 1,
                  "period_ns": 11111111}
        return channel.write(timing, now).name
    return "what?"


for line in sys.stdin:
    command, _, argument = line.strip().partition(" ")
    print(answer(command, argument), flush=True)
