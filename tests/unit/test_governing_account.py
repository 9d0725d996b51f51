"""What the governor tells of itself and of apps: nothing that is old, and counts that go on."""

from __future__ import annotations

from sensorium.inference.governor.app_frames import AppFrames
from sensorium.inference.governor.decision import Decision
from sensorium.inference.governor.frame import Frame, Risk
from sensorium.inference.governor.policy import Policy
from sensorium.supervisor.governing.account import Account
from sensorium.supervisor.governing.telling import Telling

SECOND = 1_000_000_000
PERIOD = SECOND // 90


def slowed(account: Account, now_ns: int) -> None:
    decision = Decision(level=3, risk=Risk.LATE, app="game", changes=7)
    account.show(decision, [], [{"app": "game"}], now_ns)


def test_what_was_said_long_ago_is_not_told_as_what_holds() -> None:
    account = Account()
    assert account.told(SECOND, enabled=True)["problem"] == ""
    slowed(account, SECOND)
    assert account.told(2 * SECOND, enabled=True)["level"] == 3
    old = account.told(6 * SECOND, enabled=True)
    assert (old["level"], old["app"], old["frames"], old["risk"]) == (0, "", [], "unknown")
    assert old["problem"] == "it has decided nothing for 5 s"
    slowed(account, 7 * SECOND)
    assert account.told(7 * SECOND, enabled=True)["problem"] == ""


def test_a_fault_and_an_end_leave_what_was_counted() -> None:
    account = Account()
    slowed(account, SECOND)
    slowed(account, 4 * SECOND)
    account.fail(ValueError("a\nb"), 5 * SECOND)
    failed = account.told(60 * SECOND, enabled=True)
    assert failed["problem"] == "ValueError: a b"
    counted = {"changes": 7, "held_s": 4.0, "at_risk_s": 4.0}
    assert {name: failed[name] for name in counted} == counted
    account.end(61 * SECOND)
    off = account.told(62 * SECOND, enabled=False)
    assert (off["enabled"], off["problem"], off["level"]) == (False, "", 0)
    assert {name: off[name] for name in counted} == counted


def test_of_an_app_the_last_minute_and_the_newest_seconds_are_told() -> None:
    app, telling, now = AppFrames("game"), Telling(), 100 * SECOND
    missed = 0

    def run(seconds: float, took: float, every: int = 1) -> dict[str, object]:
        """Frames of so many periods for so long, of which each so many-eth is shown."""
        nonlocal now, missed
        told: list[dict[str, object]] = []
        end = now + int(seconds * SECOND)
        while now < end:
            now += PERIOD * every
            missed += every - 1
            begin = now - int(took * PERIOD)
            app.add(Frame(1, begin, now, 0, PERIOD, missed=missed), now)
            if app.frames % 45 == 0:
                told = telling.figures([(app, Policy.FRAMES)], "game", now)
        return told[0]

    def told(one: dict[str, object], *names: str) -> list[object]:
        return [one[name] for name in names]

    first = run(0.5, 0.5)
    assert told(first, "rate_hz", "late", "missed", "frames") == [None, 0, 0, 45]
    calm = run(5, 0.5)
    assert told(calm, "app", "held", "policy", "risk") == ["game", True, "frames", "room"]
    assert told(calm, "rate_hz", "late", "missed") == [90.0, 0, 0]
    assert told(calm, "period_ms", "busy_ms") == [11.111, 5.556]
    half = run(5, 1.9, every=2)
    assert half["rate_hz"] == 45.0
    assert half["risk"] == "late"
    assert 200 < int(str(half["missed"])) <= missed
    assert int(str(half["late"])) > 200
    over = run(64, 0.5)
    assert told(over, "rate_hz", "late", "missed") == [90.0, 0, 0]
    assert 89 * 60 < int(str(over["frames"])) <= 90 * 61
    (other,) = telling.figures([(app, Policy.PAUSE)], "another", now)
    assert told(other, "held", "policy") == [False, "pause"]
    begun_anew = AppFrames("game")
    (fresh,) = telling.figures([(begun_anew, Policy.FRAMES)], "", now)
    assert told(fresh, "frames", "rate_hz", "busy_ms", "period_ms") == [0, None, None, None]


def test_the_governors_own_share_is_that_of_its_present_thread() -> None:
    account = Account()
    for second in range(1, 4):
        slowed(account, second * SECOND)
    account.end(4 * SECOND)
    account.begin("usual")
    slowed(account, 5 * SECOND)
    assert account.told(5 * SECOND, enabled=True)["cpu_percent"] == 0
