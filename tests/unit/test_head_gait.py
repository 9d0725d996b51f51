"""What walking does to a head's pitch, against motion whose parts are known."""

from __future__ import annotations

import math

import pytest

from sensorium.perception.head_gait import GaitPitch

RATE_HZ, STEP_HZ, PITCH_DEG, BOB_M = 90, 1.9, 1.4, 0.025


def walked(gait: GaitPitch, seconds: float, nod_deg: float = 0.0) -> list[float]:
    """Pitch without the gait's, in the last second; the nod takes the last half."""
    left, count = [], round(seconds * RATE_HZ)
    for frame in range(count):
        at = frame / RATE_HZ
        bob = math.sin(2 * math.pi * STEP_HZ * at)
        since = at - (seconds - 0.5)
        nod = nod_deg * (math.cos(4 * math.pi * since) - 1) / 2 if since > 0 else 0.0
        pitch = 30.0 - PITCH_DEG * bob + nod
        clean = pitch - gait.update(round(at * 1e9), 1.5 + BOB_M * bob, pitch) - 30.0
        left += [clean] if frame >= count - RATE_HZ else []
    return left


def test_the_pitch_of_steps_is_taken_out() -> None:
    assert max(map(abs, walked(GaitPitch(), 12.0))) < 0.3 * PITCH_DEG


def test_a_nod_among_steps_is_left_as_it_is() -> None:
    left = walked(GaitPitch(), 12.0, nod_deg=12.0)
    assert min(left) == pytest.approx(-12.0, abs=0.8)


def test_who_does_not_bob_keeps_every_degree() -> None:
    gait = GaitPitch()
    for frame in range(900):
        pitch = 5.0 * math.sin(frame / 10)
        assert gait.update(frame * 11_111_111, 1.5, pitch) == 0.0


def test_what_was_learned_is_forgotten() -> None:
    gait = GaitPitch()
    walked(gait, 5.0)
    gait.forget()
    assert gait.update(10**10, 1.6, 3.0) == 0.0
    assert gait.update(10**10 + 11_111_111, 1.6, 4.0) == 0.0
