"""What a stream is told when its input ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.senses import Desk

from sensorium.channels.catalogue import in_region
from sensorium.channels.region import Region, Waiters
from sensorium.channels.writer import Writer
from sensorium.clock import now_ns
from sensorium.health import OwnerState, Reason
from sensorium.process.engines import CpuEngines
from sensorium.process.feeding import Feed
from sensorium.process.loading import SenseSlot
from sensorium.process.outputs import Outputs
from sensorium.process.registry import Part
from sensorium.process.rings import ChannelRings
from sensorium.records import HAND

if TYPE_CHECKING:
    from sensorium.perception.sense import Sample


class Listener:
    """A sense without an engine; it keeps what it is told."""

    ENGINES = ()
    trigger = "hand_left"
    outputs = WRITES = ("gesture_left",)

    def __init__(self, options: object, engines: object, rings: object) -> None:
        self.told: list[Sample] = []
        self.settled = 0

    def streams(self) -> tuple[Listener, ...]:
        return (self,)

    def process(self, sample: Sample, publish: object) -> None:
        self.told.append(sample)

    def settle(self, publish: object) -> None:
        if not self.told[-1].valid and self.told[-1].reason == Reason.DENIED:
            raise ValueError("a fault of its own")
        self.settled = len(self.told)

    def lost(self, records: int) -> None:
        raise AssertionError("state channels lose nothing")


class Silent(Listener):
    """Another one, that has nothing to settle."""

    settle = None


def test_a_hand_out_of_view_is_lost_when_its_process_is() -> None:
    region, page = Region.create("motion", in_region("motion"), 1), Waiters.create("motion")
    region.set_owner_state("hand_left", OwnerState.LIVE, Reason.NONE)
    outputs = Outputs(Listener.outputs, now_ns)
    outputs.map(region, page)
    part = Part("listener", Listener, None, Listener.outputs)
    load = CpuEngines(1).load
    slot = SenseSlot(part, outputs, ChannelRings(outputs), load, lambda _report: None)
    assert slot.ensure(now_ns())
    (stream,) = slot.streams
    feed = Feed(slot, stream, outputs)
    assert feed.open()
    writer = Writer(region, "hand_left", page)
    region.heartbeat(now_ns())
    writer.publish(HAND.zeros(), now_ns(), valid=False, reason=Reason.INACTIVE)
    feed.drain()
    assert stream.told[-1].reason == Reason.INACTIVE
    region.set_owner_state("hand_left", OwnerState.LOST, Reason.OWNER_LOST)
    feed.drain()
    feed.drain()
    assert [sample.reason for sample in stream.told] == [Reason.INACTIVE, Reason.INPUT_LOST]


def test_a_sense_settles_what_its_streams_took_and_a_fault_in_that_ends_it_alone() -> None:
    desk = Desk({Listener: None, Silent: None})
    stream, other = (slot.streams[0] for slot in desk.perceiver.slots)
    desk.publish("hand_left", HAND.zeros(), desk.clock())
    desk.drain()
    assert stream.settled == len(stream.told) > 0
    desk.publish("hand_left", HAND.zeros(), desk.clock(), valid=False, reason=Reason.DENIED)
    desk.drain()
    assert [slot.streams for slot in desk.perceiver.slots] == [(), (other,)]
    assert desk.perceiver.slots[0].reason == Reason.ENGINE_FAILED
    assert other.told[-1].reason == Reason.DENIED
