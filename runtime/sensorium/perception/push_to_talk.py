"""Push to talk: a controller's button that lets commands pass while it is held."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium import records
from sensorium.channels.catalogue import EVENT_SLOTS
from sensorium.health import Reason
from sensorium.inference.governor.tempo import Slowing, Tempo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensorium.inference.engine import Engine
    from sensorium.perception.sense import Publish, Rings, Sample

BUTTONS = ("trigger", "squeeze", "stick", "trackpad", "primary", "secondary", "menu", "system")
"""In the order of the bits of `controller.pressed`."""
SIDES = ("left", "right")


@dataclass(frozen=True)
class PushOptions:
    """Which button, on which controller."""

    button: str = field(
        default="primary",
        metadata={"doc": "The button: primary is A or X, secondary B or Y.", "choices": BUTTONS},
    )
    hand: str = field(
        default="either",
        metadata={"doc": "On which controller.", "choices": ("either", *SIDES)},
    )
    toggle: bool = field(
        default=False,
        metadata={"doc": "true: one press opens and the next one closes, without holding it."},
    )


class PushToTalk:
    """The sense; see `perception.sense.Sense`."""

    Options = PushOptions
    ENGINES: tuple[str, ...] = ()
    READS = ("controller_left", "controller_right")
    WRITES = ("push_to_talk",)
    TEMPO = Tempo(Slowing.NEVER, 100, 0)
    """It costs next to nothing, and a press between two looks would be lost."""

    def __init__(
        self, options: PushOptions, engines: Mapping[str, Engine], rings: Rings
    ) -> None:
        self._options = options
        self._rings = rings

    def streams(self) -> tuple[PushStream, ...]:
        """See `Sense.streams`: one for each controller that counts."""
        return tuple(
            PushStream(self._options, side, self._rings)
            for side, name in enumerate(SIDES, 1)
            if self._options.hand in ("either", name)
        )


class PushStream:
    """One controller's button.

    Args:
        options: Of the sense.
        side: 1 left, 2 right.
        rings: Of the process: what an earlier one told last is gone on from.
    """

    outputs = PushToTalk.WRITES

    def __init__(self, options: PushOptions, side: int, rings: Rings) -> None:
        self.trigger = PushToTalk.READS[side - 1]
        self._bit = 1 << BUTTONS.index(options.button)
        self._toggle = options.toggle
        self._side = side
        self._rings = rings
        self._record = records.PUSH_TO_TALK.zeros()
        self._record["side"], self._record["button"] = side, self._bit
        self._down: bool | None = None

    def process(self, sample: Sample, publish: Publish) -> None:
        """Takes one state of the controller; see `Stream.process`."""
        if not sample.valid and sample.reason == Reason.STARTING:
            # Nobody has looked at the controller yet.
            return
        down = sample.valid and bool(int(sample.record["pressed"][0]) & self._bit)
        held = bool(self._record["held"][0])
        if self._down is None:
            held = self._go_on()
            # What was pressed while nobody looked is not known to be a new press.
            self._down = down if self._toggle else held
        pressed = down and not self._down
        self._down = down
        if not sample.valid:
            # A controller that is gone holds nothing, whatever it held.
            wanted = False
        elif self._toggle:
            wanted = held != pressed
        else:
            wanted = down
        if wanted != held:
            self._tell(wanted, sample.capture_ns, publish)

    def lost(self, records: int) -> None:
        """See `Stream.lost`: a state says all that is so now."""

    def _go_on(self) -> bool:
        """Takes over what was told last of this controller, before a restart."""
        latest = self._rings.latest("push_to_talk")
        for n in range(latest, max(0, latest - EVENT_SLOTS + 2), -1):
            told = self._rings.at("push_to_talk", n)
            if told is not None and int(told.record["side"][0]) == self._side:
                for name in ("held", "presses", "pressed_ns", "released_ns"):
                    self._record[name] = told.record[name]
                break
        return bool(self._record["held"][0])

    def _tell(self, held: bool, time_ns: int, publish: Publish) -> None:
        record = self._record
        record["held"] = held
        if held:
            record["presses"] += 1
            record["pressed_ns"], record["released_ns"] = time_ns, 0
        else:
            record["released_ns"] = time_ns
        publish("push_to_talk", record, time_ns)
