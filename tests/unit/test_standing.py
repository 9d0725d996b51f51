"""Since when what is decided about an app and a class stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sensorium.clock import now_ns
from sensorium.control.grants_file import Grant
from sensorium.control.standing import Standing, began_ns

NOW = datetime.now(UTC)


def grant(*, allowed: bool, app: str = "game", ends_s: float | None = None) -> Grant:
    until = None if ends_s is None else NOW + timedelta(seconds=ends_s)
    return Grant(app, ("motion", "gaze"), allowed, NOW, until=until)


def test_a_change_counts_for_that_app_and_class_alone() -> None:
    standing, begun = Standing(), now_ns()
    given = grant(allowed=True)
    standing.note((), (given,))
    first = standing.since_ns("game", "motion", (given,))
    standing.note((given,), (given, grant(allowed=True, app="other")))

    assert begun <= first == standing.since_ns("game", "gaze", (given,))
    assert standing.since_ns("other", "motion", ()) > first
    assert standing.since_ns("game", "audio", (given,)) == 0
    standing.note((given,), (grant(allowed=False),))
    assert standing.since_ns("game", "motion", (given,)) > first


def test_the_same_decision_once_more_is_no_change() -> None:
    standing = Standing()
    given, again = grant(allowed=True), Grant("game", ("motion",), True, NOW + timedelta(hours=1))
    standing.note((), (given,))
    first = standing.since_ns("game", "motion", (given,))
    standing.note((given,), (again,))

    assert standing.since_ns("game", "motion", (again,)) == first


def test_a_denial_that_ended_by_itself_counts_from_its_end() -> None:
    ended = grant(allowed=False, ends_s=-2.0)
    later = grant(allowed=False, ends_s=900.0)

    standing = Standing(lambda: 10_000_000_000, lambda: NOW)

    assert standing.since_ns("game", "motion", (ended, later)) == 8_000_000_000


def test_a_denial_ends_late_where_the_pc_slept_or_its_clock_was_set() -> None:
    second = 1_000_000_000
    mono, wall = [100 * second], [NOW]
    denied = (grant(allowed=False, ends_s=60.0),)

    def begun() -> Standing:
        standing = Standing(lambda: mono[0], lambda: wall[0])
        standing.note((), denied)
        return standing

    slept, set_back = begun(), begun()
    # 50 s of work and an hour of sleep, which the monotonic clock does not count.
    mono[0], wall[0] = 150 * second, NOW + timedelta(hours=1)
    assert slept.since_ns("game", "motion", denied) == 150 * second
    # 100 s in which the clock was set back by 30 s.
    mono[0], wall[0] = 200 * second, NOW + timedelta(seconds=70)
    assert set_back.since_ns("game", "motion", denied) == 190 * second


def test_of_too_many_the_oldest_are_taken_for_newer() -> None:
    standing = Standing()
    apps = [grant(allowed=True, app=f"app {number}") for number in range(1000)]
    standing.note((), apps)

    newest = standing.since_ns("app 999", "motion", ())

    assert 0 < standing.since_ns("app 0", "motion", ()) <= newest


def test_what_began_is_judged_by_the_clock_of_decisions() -> None:
    second, now = 1_000_000_000, 10_000_000_000_000
    assert began_ns(now - 5 * second, now - 2 * second, now) == now - 5 * second
    assert began_ns(0, now - second, now) == now
    # Of a replay that is an hour behind, or ahead, it is known how long it was.
    for off in (-3600 * second, 3600 * second):
        assert began_ns(now - 5 * second + off, now - 2 * second + off, now) == now - 3 * second
    # A record that contradicts itself.
    assert began_ns(now + second, now, now) == now
