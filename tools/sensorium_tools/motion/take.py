"""One take: a wearer moves one hand and the head, and a headset sees both, as badly as they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sensorium_tools.hand_poses import LEFT, POSES, RIGHT
from sensorium_tools.hands import hand
from sensorium_tools.motion.free import free, idle
from sensorium_tools.motion.movements import MAKERS
from sensorium_tools.motion.path import RATE_HZ, Path
from sensorium_tools.motion.wearer import Wearer, WearerOptions, between, wearer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RATES_HZ = (30, 45, 60, 72, 80, 90, 120, 144)
"""Of headsets and their hand tracking."""
_WRIST = 1


@dataclass(frozen=True)
class TakeOptions(WearerOptions):
    """What is done in a take, and how it is seen."""

    seconds: float = field(
        default=40.0, metadata={"doc": "Length of a take, s.", "min": 2.0, "max": 3600.0}
    )
    moving_share: float = field(
        default=0.5,
        metadata={"doc": "Share of what is done that is one of the movements.", "min": 0.0,
                  "max": 1.0},
    )
    walking_share: float = field(
        default=0.35, metadata={"doc": "Share of the takes in which the wearer walks about.",
                                "min": 0.0, "max": 1.0},
    )
    noise_mm: tuple[float, ...] = field(
        default=(0.5, 2.0),
        metadata={"doc": "Standard deviation of each joint's place, mm.", "min": 0.0, "max": 20.0},
    )
    drops: float = field(
        default=0.01,
        metadata={"doc": "Chance of each frame that it and up to two more are lost.", "min": 0.0,
                  "max": 0.5},
    )


class Done(NamedTuple):
    """A movement that was made: its name, begin and end, s of the take."""

    name: str
    begin: float
    end: float


class Take(NamedTuple):
    """What a headset saw.

    Attributes:
        side: 1 left, 2 right.
        times_ns: Of the frames: [n].
        joints: m, STAGE space: [n, 26, 3].
        heads: m: [n, 3].
        turns: Of the head, unit quaternions xyzw: [n, 4].
        done: Movements, in order.
        rate_hz: Of the headset.
    """

    side: int
    times_ns: NDArray[np.int64]
    joints: Array
    heads: Array
    turns: Array
    done: list[Done]
    rate_hz: int


def take(options: TakeOptions, noise: np.random.Generator, rate_hz: int = 0) -> Take:
    """One take of many things.

    Args:
        options: Who and what.
        noise: Decides all.
        rate_hz: Of the headset; 0: any.
    """
    return seen(_performed, options, noise, rate_hz)


def seen(
    perform: Callable[[Wearer, TakeOptions, np.random.Generator], tuple[Path, list[Done]]],
    options: TakeOptions, noise: np.random.Generator, rate_hz: int = 0,
) -> Take:
    """One take of what a wearer performs.

    Args:
        perform: Gives the path, and what was made on it.
        options: See `take`, as the others.
        noise: Decides all.
        rate_hz: Of the headset.
    """
    who = wearer(options, noise)
    side = (LEFT, RIGHT)[int(noise.integers(2))]
    path, done = perform(who, options, noise)
    rate = rate_hz or int(noise.choice(RATES_HZ))
    times = _frames(path.seconds, rate, options.drops, noise)
    wrist, fingers, palm = (_at(part, times) for part in path.whole())
    wrist = wrist + _tremor(who, times, noise)
    joints = wrist[:, None] + _placed(who, fingers, palm)
    walking = noise.random() < options.walking_share
    body, facing = _body(times, walking, who, noise)
    looking, heads = _head(times, facing, body, who, noise)
    if side == LEFT:
        joints[:, :, 0] *= -1.0
    joints = _about_up(joints, facing[:, None]) + body[:, None]
    joints[:, :, 1] += who.eyes_m
    joints += noise.normal(0.0, between(options.noise_mm, noise) / 1000.0, joints.shape)
    first_ns = int(noise.integers(1_000_000_000, 2_000_000_000))
    times_ns = first_ns + np.round(times * 1e9).astype(np.int64)
    shifted = [Done(one.name, one.begin + first_ns / 1e9, one.end + first_ns / 1e9) for one in done]
    return Take(side, times_ns, joints, heads, looking, shifted, rate)


def _performed(
    who: Wearer, options: TakeOptions, noise: np.random.Generator
) -> tuple[Path, list[Done]]:
    path = Path(*idle(who, noise))
    path.stay(0.5)
    done: list[Done] = []
    names = tuple(MAKERS)
    while path.seconds < options.seconds:
        if noise.random() >= options.moving_share:
            free(path, who, noise)
            continue
        name = names[int(noise.integers(len(names)))]
        done.append(Done(name, *MAKERS[name](path, name, who, noise)))
        if noise.random() < 0.5:
            path.stay(float(noise.uniform(0.05, 0.6)))
    path.stay(0.7)
    return path, done


def _frames(seconds: float, rate: int, drops: float, noise: np.random.Generator) -> Array:
    """When frames are seen: nearly even, some lost."""
    times = np.arange(1, int(seconds * rate)) / rate
    times = times + noise.normal(0.0, 0.03 / rate, len(times))
    kept = np.ones(len(times), bool)
    for at in np.flatnonzero(noise.random(len(times)) < drops):
        kept[at : at + 1 + int(noise.integers(3))] = False
    chosen: Array = np.sort(times[kept])
    return chosen


def _at(values: Array, times: Array) -> Array:
    whole = np.arange(1, len(values) + 1) / RATE_HZ
    return np.stack([np.interp(times, whole, part) for part in values.T], axis=1)


def _tremor(who: Wearer, times: Array, noise: np.random.Generator) -> Array:
    phases = noise.uniform(0.0, 2.0 * np.pi, 3)
    shaken: Array = np.sin(2.0 * np.pi * who.tremor_hz * times[:, None] + phases)
    return who.tremor_m * shaken


def _placed(who: Wearer, fingers: Array, palm: Array) -> Array:
    """The joints from the wrist: [n, 26, 3]. The hand is open: its fingers tell no movement."""
    made = hand(POSES["open"], RIGHT, scale=who.hand_scale).positions
    made = made - made[_WRIST]
    fingers = fingers / np.linalg.norm(fingers, axis=1, keepdims=True)
    palm = palm - (palm * fingers).sum(1, keepdims=True) * fingers
    palm /= np.linalg.norm(palm, axis=1, keepdims=True)
    # The kinematic hand's -z is along the fingers, its +y out of the back of the hand.
    across = np.cross(palm, fingers)
    turns = np.stack([across, -palm, -fingers], axis=2)
    placed: Array = np.einsum("nij,kj->nki", turns, made)
    return placed


def _wander(times: Array, step_s: float, spread: float, noise: np.random.Generator) -> Array:
    """A slow, smooth wandering: [n]."""
    knots = np.arange(-2, int(times[-1] / step_s) + 4) * step_s
    values = noise.normal(0.0, spread, len(knots))
    at = np.searchsorted(knots, times) - 1
    share = (times - knots[at]) / step_s
    share = share * share * (3.0 - 2.0 * share)
    made: Array = values[at] + share * (values[at + 1] - values[at])
    return made


def _body(
    times: Array, walking: bool, who: Wearer, noise: np.random.Generator
) -> tuple[Array, Array]:
    """Where the body is from the space's origin, and how far it is turned to the left, rad."""
    facing = noise.uniform(-np.pi, np.pi) + _wander(times, 4.0, 0.4 if walking else 0.1, noise)
    place = np.stack([_wander(times, 3.0, 0.03, noise) for _ in range(3)], axis=1) * (1, 0.2, 1)
    if walking:
        pace = np.maximum(0.0, 0.5 + _wander(times, 3.0, 0.7, noise)) * who.pace
        steps = np.gradient(times) * pace
        place[:, 0] -= np.cumsum(steps * np.sin(facing))
        place[:, 2] -= np.cumsum(steps * np.cos(facing))
        # The body rises with each step, some 2 cm to each side of its mean.
        place[:, 1] += 0.02 * np.minimum(pace, 1.0) * np.sin(2.0 * np.pi * 1.8 * times)
    return place, facing


def _head(
    times: Array, facing: Array, body: Array, who: Wearer, noise: np.random.Generator
) -> tuple[Array, Array]:
    """The head's turn, xyzw, and its place; its own small motions move no hand."""
    yaw = facing + _wander(times, 1.5, 0.3, noise)
    pitch = -0.15 + _wander(times, 1.5, 0.15, noise)
    heads = body + np.array([0.0, who.eyes_m, 0.0])
    heads = heads + np.stack([_wander(times, 1.5, 0.012, noise) for _ in range(3)], axis=1)
    heads += noise.normal(0.0, 0.0003, heads.shape)
    sy, cy, sp, cp = (f(a / 2.0) for a in (yaw, pitch) for f in (np.sin, np.cos))
    return np.stack([cy * sp, sy * cp, -sy * sp, cy * cp], axis=1), heads


def _about_up(points: Array, angle: Array) -> Array:
    """Points turned to the left about the vertical."""
    x, y, z = np.moveaxis(points, -1, 0)
    sine, cosine = np.sin(angle), np.cos(angle)
    return np.stack([cosine * x + sine * z, y, -sine * x + cosine * z], axis=-1)
