"""What senses do that the governor slows: on real regions, in time that is stepped."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest
from fixtures.senses import Desk

from sensorium.channels.catalogue import CHANNELS
from sensorium.channels.layout import Kind
from sensorium.health import Reason
from sensorium.inference.governor.step import StepKind
from sensorium.inference.governor.tempo import Slowing, Tempo

if TYPE_CHECKING:
    from sensorium.perception.sense import Sample

MS = 1_000_000
FRAME = 11 * MS


class Listener:
    """A sense without an engine; it keeps what it is told."""

    ENGINES = ()
    READS: ClassVar[tuple[str, ...]] = ("hand_left",)
    WRITES: ClassVar[tuple[str, ...]] = ("gesture_left",)
    TEMPO = Tempo(Slowing.THINNED, 50, 60)
    trigger = "hand_left"
    outputs = WRITES
    heard: ClassVar[list[str]] = []

    def __init__(self, options: object, engines: object, rings: object) -> None:
        self.told: list[Sample] = []
        self.idled = 0

    def streams(self) -> tuple[Listener, ...]:
        return (self,)

    def process(self, sample: Sample, publish: object) -> None:
        self.told.append(sample)
        self.heard.append(type(self).__name__)

    def lost(self, records: int) -> None:
        raise AssertionError("nothing is lost")

    @property
    def numbers(self) -> list[int]:
        # The first record of a state says that it is starting.
        first = CHANNELS[self.trigger].kind == Kind.STATE
        return [sample.n - first for sample in self.told if sample.valid]


class Always(Listener):
    """It is never slowed."""

    TEMPO = Tempo(Slowing.NEVER, 100, 0)


class Waker(Listener):
    """It tells of wake words, late."""

    READS = trigger, _ = ("utterance", "audio")
    WRITES = outputs = ("wake_word",)
    TEMPO = Tempo(Slowing.DEFERRED, 50, 4000)


class Writer(Listener):
    """It tells of texts, late."""

    READS = trigger, _ = ("utterance", "audio")
    WRITES = outputs = ("transcript",)
    TEMPO = Tempo(Slowing.DEFERRED, 50, 4000)


class Commander(Listener):
    """It takes a text, and looks up the wake word."""

    READS = trigger, _ = ("transcript", "wake_word")
    WRITES = outputs = ("command",)
    TEMPO = Tempo(Slowing.DEFERRED, 50, 4000)


def desk(*senses: type[Listener]) -> Desk:
    made = Desk(dict.fromkeys(senses), governed=True)
    Listener.heard.clear()
    return made


def streams(made: Desk) -> list[Listener]:
    return [stream for slot in made.perceiver.slots for stream in slot.streams]


def publish(made: Desk, channel: str, **options: object) -> None:
    made.publish(channel, CHANNELS[channel].record.zeros(), made.clock(), **options)


def frames(made: Desk, count: int) -> None:
    for _ in range(count):
        made.pass_ns(FRAME)
        publish(made, "hand_left")
        made.drain()


def test_without_a_governor_each_record_is_taken() -> None:
    made = desk(Listener)
    (stream,) = streams(made)
    frames(made, 20)
    assert stream.numbers == list(range(1, 21))


def test_a_thinned_sense_takes_the_newest_once_an_interval() -> None:
    made = desk(Listener, Always)
    thinned, always = streams(made)
    made.govern({"Listener": (StepKind.REDUCED, 55)})
    frames(made, 51)
    # Every fifth frame of 11 ms, the first at once.
    assert thinned.numbers == list(range(1, 52, 5))
    assert always.numbers == list(range(1, 52))
    assert made.perceiver.slots[0].pace.figures() == {
        "step": "reduced", "interval_ms": 55, "skipped": 40, "waited_s": 0.0
    }
    made.govern({"Listener": (StepKind.FULL, 0)})
    frames(made, 3)
    assert thinned.numbers[-3:] == [52, 53, 54]


def test_a_hand_that_is_lost_is_told_at_once() -> None:
    made = desk(Listener)
    (stream,) = streams(made)
    made.govern({"Listener": (StepKind.REDUCED, 2000)})
    frames(made, 2)
    assert stream.numbers == [1]
    made.pass_ns(FRAME)
    publish(made, "hand_left", valid=False, reason=Reason.MUTED)
    made.drain()
    assert stream.told[-1].reason == Reason.MUTED
    frames(made, 100)
    assert stream.numbers == [1]


def test_a_paused_sense_takes_nothing_but_one_that_never_waits_does() -> None:
    made = desk(Listener, Always)
    thinned, always = streams(made)
    made.govern(dict.fromkeys(("Listener", "Always"), (StepKind.PAUSED, 0)))
    frames(made, 100)
    assert (thinned.numbers, len(always.numbers)) == ([], 100)
    made.govern({})
    frames(made, 1)
    assert thinned.numbers == [101]


class OneEngine(Listener):
    """It could use an engine, and one that another sense could use, too; none is built."""

    @staticmethod
    def may_use(options: object, loaded: object) -> tuple[str, ...]:
        return () if loaded is not None else ("one", "both")


class OtherEngine(Listener):
    """The other one."""

    @staticmethod
    def may_use(options: object, loaded: object) -> tuple[str, ...]:
        return () if loaded is not None else ("other", "both")


def test_engines_of_a_sense_that_is_sent_to_another_device_leave_the_gpu() -> None:
    made = desk(OneEngine, OtherEngine)
    made.govern({"OneEngine": (StepKind.OTHER_DEVICE, 55)}, risk=3)
    frames(made, 1)
    assert made.given_way[-1] == (frozenset({"one"}), 3)
    made.govern({"OneEngine": (StepKind.OTHER_DEVICE, 55), "OtherEngine": (StepKind.PAUSED, 0)})
    frames(made, 1)
    assert made.given_way[-1] == (frozenset({"one", "both", "other"}), 0)
    made.govern({"OneEngine": (StepKind.REDUCED, 55)}, risk=1)
    frames(made, 1)
    assert made.given_way[-1] == (frozenset(), 1)


def test_a_governor_that_is_silent_slows_nobody() -> None:
    made = desk(Listener)
    (stream,) = streams(made)
    made.govern({"Listener": (StepKind.PAUSED, 0)})
    frames(made, 2)
    assert not stream.numbers
    made.pass_ns(CHANNELS["governor"].max_age_ns)
    frames(made, 2)
    assert stream.numbers == [3, 4]


def test_a_new_region_is_read_in_the_place_of_the_old_one() -> None:
    made = desk(Listener)
    (stream,) = streams(made)
    made.govern({"Listener": (StepKind.PAUSED, 0)})
    frames(made, 1)
    made.renew("public", 2)
    frames(made, 1)
    made.govern({"Listener": (StepKind.PAUSED, 0)})
    frames(made, 1)
    assert stream.numbers == [2]


def test_what_is_deferred_waits_together_and_all_of_it_is_taken() -> None:
    made = desk(Writer)
    (stream,) = streams(made)
    made.govern({"Writer": (StepKind.REDUCED, 1000)})
    for _ in range(30):
        publish(made, "utterance")
        made.drain()
        made.pass_ns(100 * MS)
        made.govern({"Writer": (StepKind.REDUCED, 1000)})
    made.drain()
    # The first waits for a second; those that came meanwhile go with it.
    assert stream.numbers == list(range(1, len(stream.numbers) + 1))
    assert len(stream.numbers) == 22
    assert made.perceiver.slots[0].pace.figures()["waited_s"] == 2.0


def test_a_ring_that_fills_up_is_emptied_before_its_time() -> None:
    made = desk(Writer)
    (stream,) = streams(made)
    made.govern({"Writer": (StepKind.PAUSED, 0)})
    count = 3 * CHANNELS["utterance"].slots
    for _ in range(count):
        publish(made, "utterance")
        made.drain()
    assert count - len(stream.numbers) < CHANNELS["utterance"].slots // 2
    assert stream.numbers == list(range(1, len(stream.numbers) + 1))


def test_what_is_paused_and_deferred_is_taken_in_the_end() -> None:
    made = desk(Writer)
    (stream,) = streams(made)
    steps = {"Writer": (StepKind.PAUSED, 4000)}
    made.govern(steps)
    publish(made, "utterance")
    made.drain()
    waited = 0
    while not stream.numbers:
        made.pass_ns(100 * MS)
        waited += 100
        made.govern(steps)
        made.drain()
    assert waited == 4000


@pytest.mark.parametrize("waking", ["full", "deferred"])
def test_a_command_waits_for_the_wake_word_before_it(waking: str) -> None:
    made = desk(Waker, Writer, Commander)
    interval = 3000 if waking == "deferred" else 0
    made.govern({"Waker": (StepKind.REDUCED if interval else StepKind.FULL, interval)})
    publish(made, "utterance")
    publish(made, "transcript")
    made.drain()
    assert Listener.heard == ["Waker", "Writer", "Commander"] if not interval else [
        "Writer", "Waker", "Commander"
    ]


def test_in_the_background_there_is_time_left_for_the_processor_to_come() -> None:
    made = desk(Listener)
    (stream,) = streams(made)
    made.govern({"Listener": (StepKind.REDUCED, 60)}, background=True)
    frames(made, 51)
    # Of 60 ms three quarters: every fifth frame of 11 ms.
    assert stream.numbers == list(range(1, 52, 5))
