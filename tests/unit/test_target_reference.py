"""The sense of targets against a reference in plain numbers: one target and one rule at a time."""

from __future__ import annotations

import math
import struct
from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest
from fixtures.looking import EYE, aside, at_angles, scene, towards

from sensorium.perception.targets import belief
from sensorium.perception.targets.evidence import Evidence
from sensorium.perception.targets.scene import Scene, SceneReader
from sensorium.perception.targets.silhouette import box_angle
from sensorium.perception.targets.view import views
from sensorium_tools.quaternion import rotate, turn

NOISE, OFFSET = math.radians(0.5), math.radians(0.8)
TARGET = struct.Struct("<Q3f3f4ffI32s")
HEAD = struct.Struct("<3f4ffII")
AXES = np.eye(3)


def spun(quaternion: Any, vector: Any) -> tuple[float, float, float]:
    """A vector turned by a unit quaternion."""
    x, y, z, w = quaternion
    a, b, c = vector
    tx, ty, tz = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return (a + w * tx + y * tz - z * ty, b + w * ty + z * tx - x * tz,
            c + w * tz + x * ty - y * tx)


def read(record: np.ndarray) -> list[dict[str, Any]]:
    """What of a scene keeps the rules, from its bytes."""
    data = record.tobytes()
    *head, _, count = HEAD.unpack_from(data)
    move, quaternion, scale = np.array(head[:3]), head[3:7], head[7]
    written = [
        TARGET.unpack_from(data, HEAD.size + TARGET.size * place)
        for place in range(count)
    ]
    ids = Counter(values[0] for values in written)
    found = []
    for values in written:
        key, numbers, radius, flags = values[0], values[1:11], values[11], values[12]
        position, halves, orientation = numbers[:3], numbers[3:6], numbers[6:]
        lengths = (*position, *halves, radius)
        if key == 0 or ids[key] > 1 or not all(abs(number) <= 1e6 for number in lengths):
            continue
        if any(size < 0 for size in (*halves, radius)) or not any((*halves, radius)):
            continue
        box = any(halves)
        if box and not 0.99 < math.hypot(*orientation) < 1.01:
            continue
        unit = [part / math.hypot(*orientation) for part in orientation] if box else ()
        found.append({
            "id": key, "centre": spun(quaternion, [scale * p for p in position]) + move,
            "halves": np.array(halves) * scale, "radius": 0.0 if box else radius * scale,
            "axes": [spun(quaternion, spun(unit, axis)) for axis in AXES.tolist() if box],
            "reach": math.hypot(*halves) * scale if box else radius * scale,
            "movable": bool(flags & 1),
        })
    return found


def check(found: Any, record: np.ndarray) -> None:
    """Compares what was read with the reference."""
    expected = read(record)
    assert isinstance(found, Scene)
    assert found.ids.tolist() == [thing["id"] for thing in expected]
    assert found.ignored == int(record["count"][0]) - len(expected)
    assert found.movable.tolist() == [thing["movable"] for thing in expected]
    if not expected:
        return
    for values, name, close in ((found.centres.T, "centre", 1e-6), (found.halves.T, "halves", 1e-9),
                                (found.radii, "radius", 1e-9), (found.reaches, "reach", 1e-9)):
        assert np.abs(values - [thing[name] for thing in expected]).max() < close
    boxes = [place for place, thing in enumerate(expected) if not thing["radius"]]
    axes = [expected[place]["axes"] for place in boxes]
    assert np.abs(found.axes.T[boxes] - axes).max(initial=0) < 1e-6


def mixed(random: np.random.Generator, count: int) -> np.ndarray:
    """Spheres and turned boxes, some of them flat, ahead; in a world that is turned and scaled."""
    angles = random.uniform(-25, 25, (count, 2)).tolist()
    world = turn((0.6, 0.0, 0.8), 40)
    made = scene(
        [at_angles(across, up, random.uniform(0.7, 5)) for across, up in angles], world_scale=1.25,
        world_orientation=world, world_position=(0.1, -0.2, 0.3),
    )
    targets = made["targets"][0, :count]
    back = [rotate(world * (-1, -1, -1, 1), place - (0.1, -0.2, 0.3)) / 1.25
            for place in targets["position"].astype(float)]
    targets["position"], targets["radius"] = back, random.uniform(0.02, 0.2, count)
    targets["flags"] = random.integers(0, 4, count)
    boxes = random.random(count) < 0.6
    targets["half_extents"][boxes] = random.uniform(0.01, 0.2, (boxes.sum(), 3))
    targets["half_extents"][boxes, 1] *= random.random(boxes.sum()) < 0.8
    turns = random.normal(size=(count, 4))
    targets["orientation"] = turns / np.linalg.norm(turns, axis=1)[:, None]
    return made


def test_scenes_are_read_as_each_rule_says_and_as_they_change() -> None:
    random, reader = np.random.default_rng(1), SceneReader()
    made = mixed(random, 30)
    spoilt = (
        ("id", 0), ("id", 7), ("position", (0, np.nan, 0)), ("position", (np.inf, 0, 0)),
        ("position", (0, 0, -2e6)), ("radius", -0.1), ("radius", np.nan), ("radius", np.inf),
        ("half_extents", (-0.1, 0.1, 0.1)), ("half_extents", (0, 0, np.nan)),
        ("half_extents", (1e9, 0, 0)), ("orientation", (0, 0, 0, 0.9)),
        ("orientation", (np.nan,) * 4), ("orientation", (np.inf, 0, 0, 0)),
    )
    check(reader.read(made), made)
    for field, value in spoilt:
        changed = made.copy()
        changed["targets"][field][0, 3] = value
        for record in (changed, changed, made):
            check(reader.read(record), record)
            record["targets"]["position"][0, 10:20] += 0.01
    both = made.copy()
    both["targets"]["radius"][0, 5], both["targets"]["half_extents"][0, 5] = 0, 0
    both["targets"]["orientation"][0, 5] = np.nan
    check(reader.read(both), both)
    for name, value in (("count", 20), ("count", 0), ("world_scale", 2), ("count", 1024),
                        ("world_position", (5, 6, 7)), ("world_orientation", (0, 1, 0, 0))):
        made[name] = value
        check(reader.read(made), made)
    made["targets"]["flags"], made["targets"]["id"] = 1, np.arange(1024, 0, -1)
    check(reader.read(made), made)


def edge_angle(ray: np.ndarray, first: np.ndarray, last: np.ndarray) -> float:
    """From a ray to the arc between two points' directions."""
    normal = np.cross(first, last)
    ends = [math.atan2(np.linalg.norm(np.cross(ray, end)), ray @ end) for end in (first, last)]
    length = float(np.linalg.norm(normal))
    if length < 1e-12 or np.cross(first, ray) @ normal < 0 or np.cross(ray, last) @ normal < 0:
        return min(ends)
    return math.asin(min(1.0, abs(float(ray @ normal)) / length))


def outline_angle(middle: np.ndarray, halves: np.ndarray, ray: np.ndarray) -> float:
    """The signed angle of a box by all of its edges."""
    if (np.abs(middle) <= halves).all():
        return -math.pi
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (middle + np.array([[-1.0], [1.0]]) * halves) / ray
    enters, leaves = np.fmin(*ends).max(), np.fmax(*ends).min()
    hit = leaves >= max(enters, 0)
    angles = []
    for axis, (s, t) in product(range(3), product((-1, 1), repeat=2)):
        one, other = (axis + 1) % 3, (axis + 2) % 3
        corner = np.array(middle, float)
        corner[one] += s * halves[one]
        corner[other] += t * halves[other]
        seen = [-sign * middle[k] > halves[k] for k, sign in ((one, s), (other, t))]
        if not hit or seen[0] != seen[1]:
            along = halves[axis] * AXES[axis]
            angles.append(edge_angle(ray, corner - along, corner + along))
    return -min(angles) if hit else min(angles)


def test_angles_to_boxes_are_those_to_all_of_their_edges() -> None:
    random, signs = np.random.default_rng(2), []
    for number in range(300):
        halves = random.uniform(0.01, 0.6, 3) * (random.random(3) < (0.7 if number % 2 else 1))
        middle = random.normal(0, 1 if number % 7 else 0.2, 3)
        ray = middle + random.normal(0, 0.5 if number % 5 else 3, 3)
        ray /= np.linalg.norm(ray)
        found = box_angle(tuple(middle), tuple(halves), tuple(ray))
        assert found == pytest.approx(outline_angle(middle, halves, ray), abs=1e-9)
        signs.append((found < 0, found == -math.pi, found > math.pi / 2))
    assert np.sum(signs, axis=0).min() > 4


def entry(thing: dict[str, Any], ray: np.ndarray) -> float:
    """Where a ray from the eye enters a thing, m."""
    offset = thing["centre"] - EYE
    if thing["radius"]:
        roots = np.roots((1, -2 * ray @ offset, offset @ offset - thing["radius"] ** 2))
        if np.iscomplex(roots).any() or max(roots) < 0:
            return math.inf
        return max(0.0, float(min(roots)))
    with np.errstate(divide="ignore"):
        ends = [
            sorted(((offset @ axis) + sign * half) / (ray @ axis) for sign in (-1, 1))
            for axis, half in zip(thing["axes"], thing["halves"], strict=True)
        ]
    near, far = max(0.0, max(end[0] for end in ends)), min(end[1] for end in ends)
    return near if near <= far else math.inf


def look(thing: dict[str, Any], rays: list[list[np.ndarray]]) -> None:
    """Adds to a thing how it is seen: mean error, scatter, angle and size of its outline."""
    offset = thing["centre"] - EYE
    distance = float(np.linalg.norm(offset))
    errors = []
    for centre, ray in rays:
        across = ray - (ray @ centre) * centre
        angle = math.atan2(np.linalg.norm(np.cross(ray, centre)), ray @ centre)
        errors.append(angle * across / np.linalg.norm(across))
    mean = np.mean(errors, axis=0)
    centre = offset / distance
    mean -= (mean @ centre) * centre
    away = float(np.linalg.norm(mean))
    thing |= {"distance": distance, "mean": mean, "aside": away, "centre_ray": centre,
              "scatter": sum(float((e - np.mean(errors, axis=0)) @ (e - np.mean(errors, axis=0)))
                             for e in errors)}
    ball = math.asin(thing["reach"] / distance) if thing["reach"] < distance else math.pi
    if thing["radius"]:
        thing |= {"angle": away - ball, "area": 2 * math.pi * (1 - math.cos(ball)),
                  "rim": 2 * math.pi * math.sin(ball)}
        return
    axes, halves = np.array(thing["axes"]), thing["halves"]
    ray = math.cos(away) * centre + math.sin(away) * mean / away
    sight = np.abs(axes @ centre)
    faces = np.array([halves[1] * halves[2], halves[0] * halves[2], halves[0] * halves[1]])
    edges = halves * np.sqrt(np.maximum(1 - sight**2, 0))
    thing |= {
        "angle": outline_angle(axes @ offset, halves, axes @ ray),
        "area": min(4 * math.pi, 4 * float(faces @ sight) / distance**2),
        "rim": min(2 * math.pi, 4 * float(edges.sum()) / distance),
    }


def shares(things: list[dict[str, Any]], variance: float, noise: float, still: float) -> Any:
    """Probabilities of all things, and of none."""
    least = min(still, *(thing["scatter"] for thing in things))
    weights = []
    for thing in things:
        spread = (thing["area"] + thing["rim"] * math.sqrt(math.pi * variance / 2)
                  + 2 * math.pi * variance)
        weights.append(
            math.exp(-max(0.0, thing["angle"]) ** 2 / (2 * variance)) / spread
            / (1 + thing["distance"] / belief.ACTION_M)
            * math.exp(-min(8.0, (thing["scatter"] - least) / (2 * noise)))
        )
    best = sorted(range(len(things)), key=lambda place: -weights[place])[:8]
    for place in best:
        thing = things[place]
        back = max(0.0, thing["aside"] - 1.02 * max(0.0, thing["angle"]))
        ray = (math.cos(back) * thing["centre_ray"]
               + math.sin(back) * thing["mean"] / np.linalg.norm(thing["mean"]))
        own = entry(thing, ray)
        own = own if own < math.inf else thing["distance"]
        if any(0 < entry(things[other], ray) < own for other in best if other != place):
            weights[place] *= belief.LEAK
    depth = min(thing["angle"] for thing in things if thing["reach"] < thing["distance"])
    hidden = (1 - belief.LEAK) * 0.5 * math.erfc(depth / math.sqrt(2 * variance))
    none = belief.BACKGROUND * (1 - hidden) * math.exp(-min(8.0, (still - least) / (2 * noise)))
    return np.array([*weights, none]) / (sum(weights) + none)


def believed(scenes: list[Scene], rays: list[np.ndarray]) -> tuple[np.ndarray, Evidence]:
    """The sense's own probabilities after all rays, without what `STAY` adds."""
    evidence = Evidence(NOISE)
    for each, ray in zip(scenes, rays, strict=True):
        evidence.follow(each)
        (seen,) = views(each.form, [(EYE, tuple(ray))])
        evidence.take(seen, -1)
    found = scenes[-1]
    result = belief.believe(found, seen, evidence, OFFSET)
    weights = np.full(len(found.ids) + 1, -math.inf)
    weights[result.places], weights[-1] = result.weights, result.nothing
    likely = np.exp(weights - weights.max())
    return likely / likely.sum(), evidence


def compare(things: list[list[dict[str, Any]]], scenes: list[Scene], rays: list[np.ndarray]) -> Any:
    """Compares what is believed with the reference, which leaves nothing out."""
    found, evidence = believed(scenes, rays)
    assert evidence.count == len(rays), "a fixation of its own"
    variance = OFFSET**2 + evidence.variance / len(rays)
    first, mean = rays[0], np.zeros(3)
    drift = []
    for ray in rays:
        across = ray - (ray @ first) * first
        size = np.linalg.norm(across)
        drift.append(math.atan2(size, ray @ first) * across / size if size else across)
    mean = np.mean(drift, axis=0)
    still = sum(float((each - mean) @ (each - mean)) for each in drift)
    for place, thing in enumerate(things[-1]):
        directions = [frame[place]["centre"] - EYE for frame in things]
        look(thing, [[each / np.linalg.norm(each), ray]
                     for each, ray in zip(directions, rays, strict=True)])
    expected = shares(things[-1], variance, evidence.variance, still)
    assert found == pytest.approx(expected, abs=1e-5)
    return expected


@pytest.mark.parametrize("seed", range(12))
def test_probabilities_are_those_of_the_reference(seed: int) -> None:
    """Spheres and boxes that cover one another, still or moving slowly, and a noisy ray."""
    random = np.random.default_rng(100 + seed)
    made, reader = mixed(random, 40), SceneReader()
    aim = at_angles(*random.uniform(-10, 10, 2))
    scenes, things, rays = [], [], []
    for _ in range(8):
        found = reader.read(made)
        assert isinstance(found, Scene)
        scenes.append(found)
        things.append(read(made))
        rays.append(np.array(aside(towards(aim), *random.normal(0, NOISE / 2, 2))))
        made["targets"]["position"][0, :40] += random.normal(0, 0.0005 * (seed % 2), (40, 3))
    compare(things, scenes, rays)


def test_of_ten_thousand_targets_the_right_ones_are_believed() -> None:
    """On a shell around the eye, so that none covers another; more than a record has room for."""
    random, reader = np.random.default_rng(5), SceneReader()
    directions = random.normal(size=(10_000, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    parts, things = [], []
    for start in range(0, 10_000, 1000):
        made = scene(directions[start : start + 1000] * 3 + EYE, 0.02)
        made["targets"]["id"][0, :1000] += start
        part = reader.read(made)
        assert isinstance(part, Scene)
        parts.append(part)
        things += read(made)
    together = Scene(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.form for part in parts], axis=1),
        np.concatenate([part.shapes for part in parts], axis=1),
        np.concatenate([part.movable for part in parts]), 1, 0,
    )
    ray = np.array(aside(directions[77], 0.004, 0.002))
    expected = compare([things], [together], [ray])
    assert np.argmax(expected) == 77
