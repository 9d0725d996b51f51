"""Of two sensors of the same channels one is heard, by a rule, and a switch is a recentre."""

import pytest

from sensorium import records
from sensorium.health import Reason
from sensorium.process.choice import FRESH_NS, GONE_NS, HOLD_NS, Choice

STEP_NS = 20_000_000


class Shown:
    """What is published, by a clock that the test sets."""

    def __init__(self):
        self.now = 1_000_000_000
        self.records = []
        self.refused = []

    def clock(self):
        return self.now

    def publish(self, channel, record, capture_ns, **more):
        self.records.append((channel, None if record is None else record[0], more))

    def refuse(self, channels, reason):
        self.refused.append((channels, reason))


@pytest.fixture
def shown():
    return Shown()


@pytest.fixture
def reports():
    return []


@pytest.fixture
def choice(shown, reports):
    return Choice(("first", "second"), "head", shown, reports.append)


def see(choice, name, channel="head", generation=0, valid=True):
    kind = records.HEAD if channel == "head" else records.HAND
    record = kind.zeros()
    record["space"], record["space_generation"] = 1, generation
    record["source"] = 1 if name == "first" else 2
    choice.sides[name].publish(channel, record, 0, valid=valid)


def go(choice, shown, span_ns, first=("head",), second=("head",), generation=0):
    """Lets both see channels for a span; who was chosen then, and after how long."""
    switched = None
    for at in range(0, span_ns, STEP_NS):
        shown.now += STEP_NS
        before = choice.chosen
        for name, channels in (("first", first), ("second", second)):
            for channel in ("head", "hand_left"):
                see(choice, name, channel, generation, valid=channel in channels)
        if choice.chosen is not before:
            switched = at
    return choice.chosen.name, switched


def test_of_equals_the_first_is_heard_and_alone(choice, shown):
    assert go(choice, shown, 2 * HOLD_NS) == ("first", None)
    assert {int(row["source"]) for _, row, _ in shown.records} == {1}
    choice.sides["second"].refuse(("head",), Reason.FAILED)
    assert not shown.refused
    choice.sides["first"].refuse(("head",), Reason.FAILED)
    assert len(shown.refused) == 1


def test_who_sees_more_is_heard_after_a_while_and_given_back(choice, shown):
    both = ("head", "hand_left")
    go(choice, shown, STEP_NS * 5)
    # For less than it takes, what was seen last counted: the time begins anew.
    assert go(choice, shown, HOLD_NS - FRESH_NS - STEP_NS, second=both) == ("first", None)
    assert go(choice, shown, 10 * STEP_NS) == ("first", None)
    name, after = go(choice, shown, HOLD_NS + 10 * STEP_NS, second=both)
    assert (name, HOLD_NS <= after <= HOLD_NS + 2 * STEP_NS) == ("second", True)
    assert go(choice, shown, HOLD_NS, first=both, second=both)[0] == "second"
    assert go(choice, shown, 10 * STEP_NS, first=both, second=both)[0] == "first"


def test_who_lost_the_head_gives_way_soon(choice, shown, reports):
    choice.sides["first"].report(("first", "live", "a runtime", ""))
    choice.sides["second"].report(("second", "live", "", ""))
    go(choice, shown, STEP_NS * 5)
    name, after = go(choice, shown, 2 * GONE_NS, first=(), second=("head",))
    assert name == "second"
    assert after <= GONE_NS + 160_000_000
    assert reports == [
        ("first", "live", "a runtime; in use", ""),
        ("second", "live", "not in use: first is", ""),
        ("first", "live", "a runtime; not in use: second is", ""),
        ("second", "live", "in use", ""),
    ]


def test_where_none_sees_anything_nothing_changes(choice, shown):
    assert go(choice, shown, 2 * HOLD_NS, first=(), second=()) == ("first", None)


def test_switches_and_recentres_count_as_recentres(choice, shown):
    def generations():
        found = []
        for _, row, more in shown.records:
            if more["valid"] and int(row["space_generation"]) not in found[-1:]:
                found.append(int(row["space_generation"]))
        return found

    go(choice, shown, 5 * STEP_NS, generation=4)
    go(choice, shown, 5 * STEP_NS, generation=5)
    go(choice, shown, 2 * GONE_NS, first=(), generation=5)
    go(choice, shown, 2 * HOLD_NS, generation=5)
    assert generations() == [0, 1, 2, 3]
