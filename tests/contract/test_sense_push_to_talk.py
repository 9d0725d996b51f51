"""The button of a controller on real regions: pressed, released, lost, toggled, gone on with."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.senses import Desk

from sensorium import records
from sensorium.health import Reason
from sensorium.perception.push_to_talk import BUTTONS, PushOptions, PushToTalk

PRIMARY = 1 << BUTTONS.index("primary")
FRAME_NS = 11_111_111


class Rig(Desk):
    """A sense whose controllers are moved here."""

    def __init__(self, **options) -> None:
        self.time_ns = 1_000_000_000
        super().__init__({PushToTalk: PushOptions(**options)})

    def press(self, pressed: int, side: str = "right", valid: bool = True) -> int:
        """One state of a controller; returns its capture time."""
        self.time_ns += FRAME_NS
        record = records.CONTROLLER.zeros()
        record["pressed"] = pressed
        reason = Reason.NONE if valid else Reason.INACTIVE
        self.publish(
            f"controller_{side}", record, self.time_ns, valid=valid, reason=reason
        )
        self.drain()
        return self.time_ns

    def told(self) -> list[tuple[int, int, int]]:
        return [
            (int(one["side"]), int(one["held"]), int(one["presses"]))
            for one in self.all("push_to_talk")
        ]


def test_a_press_and_a_release_are_one_event_each_with_their_times() -> None:
    rig = Rig()
    rig.press(0)
    down = rig.press(PRIMARY)
    rig.press(PRIMARY)
    up = rig.press(0)
    rig.press(0)
    assert rig.told() == [(2, 1, 1), (2, 0, 1)]
    pressed, released = rig.all("push_to_talk")
    assert (pressed["pressed_ns"], pressed["released_ns"]) == (down, 0)
    assert (released["pressed_ns"], released["released_ns"]) == (down, up)
    assert pressed["button"] == PRIMARY


def test_other_buttons_and_another_hand_do_nothing() -> None:
    rig = Rig(hand="left", button="trigger")
    rig.press(0xFF & ~1, "left")
    rig.press(0xFF, "right")
    assert rig.told() == []
    rig.press(0xFF, "left")
    assert rig.told() == [(1, 1, 1)]


def test_a_controller_that_is_lost_releases() -> None:
    rig = Rig()
    rig.press(PRIMARY)
    rig.press(PRIMARY, valid=False)
    assert rig.told() == [(2, 1, 1), (2, 0, 1)]


def test_toggled_it_stays_open_until_the_next_press() -> None:
    rig = Rig(toggle=True)
    for pressed in (0, PRIMARY, PRIMARY, 0, 0, PRIMARY, 0):
        rig.press(pressed)
    assert rig.told() == [(2, 1, 1), (2, 0, 1)]


@pytest.mark.parametrize("still", [True, False])
def test_a_restart_tells_nothing_twice_and_misses_no_release(still: bool) -> None:
    rig = Rig()
    rig.press(0)
    rig.press(PRIMARY)
    rig.start()
    rig.press(PRIMARY if still else 0)
    expected = [(2, 1, 1)] if still else [(2, 1, 1), (2, 0, 1)]
    assert rig.told() == expected
    rig.press(0)
    assert rig.told() == [(2, 1, 1), (2, 0, 1)]


def test_both_hands_count_apart() -> None:
    rig = Rig()
    for side in ("left", "right"):
        rig.press(PRIMARY, side)
    assert rig.told() == [(1, 1, 1), (2, 1, 1)]
    assert len(np.unique([int(one["pressed_ns"]) for one in rig.all("push_to_talk")])) == 2
