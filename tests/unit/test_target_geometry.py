"""Outlines and densities of targets, against brute force and numerical integrals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

from sensorium.perception.targets.belief import spread
from sensorium.perception.targets.grasp import ERROR_M, bulks
from sensorium.perception.targets.silhouette import (
    box_angle,
    box_entry,
    box_outline,
    sphere_entry,
    sphere_outline,
)
from sensorium.perception.targets.view import error, errors, formed, views


def hits(eye: np.ndarray, rays: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """Whether rays (N, 3) meet a box in front, by clipping each to one face after the other."""
    near, far = np.zeros(len(rays)), np.full(len(rays), np.inf)
    for axis in range(3):
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = (np.array([[-1.0], [1.0]]) * halves[axis] - eye[axis]) / rays[:, axis]
        near = np.maximum(near, ends.min(axis=0))
        far = np.minimum(far, ends.max(axis=0))
    return near <= far


def around(ray: np.ndarray, angle: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Directions at angles from a ray, to all sides."""
    side = np.cross(ray, (0.0, 1.0, 0.0) if abs(ray[1]) < 0.9 else (1.0, 0.0, 0.0))
    side /= np.linalg.norm(side)
    other = np.cross(ray, side)
    toward = np.cos(turns)[:, None] * side + np.sin(turns)[:, None] * other
    return np.cos(angle)[:, None] * ray + np.sin(angle)[:, None] * toward


def brute_angle(eye: np.ndarray, ray: np.ndarray, halves: np.ndarray) -> float:
    """The signed angle, by trying all sides in steps of 0.0005 rad."""
    inside = bool(hits(eye, ray[None], halves)[0])
    angles = np.arange(0.0, 1.2, 0.0005)
    turns = np.linspace(0, 2 * math.pi, 480, endpoint=False)
    for first in range(0, len(angles), 50):
        part = angles[first : first + 50]
        grid_angle, grid_turn = (each.ravel() for each in np.meshgrid(part, turns, indexing="ij"))
        changed = hits(eye, around(ray, grid_angle, grid_turn), halves) != inside
        found = changed.reshape(len(part), -1).any(axis=1)
        if found.any():
            return float(part[np.argmax(found)]) * (-1 if inside else 1)
    raise AssertionError("no outline within 1.2 rad")


def test_the_signed_angle_to_a_box_is_what_trying_all_directions_finds() -> None:
    random = np.random.default_rng(1)
    signs = set()
    for _ in range(16):
        halves = random.uniform(0.05, 0.5, 3)
        eye = random.normal(size=3)
        eye *= random.uniform(1.2, 3.0) / np.linalg.norm(eye)
        ray = -eye + random.normal(0, 0.4, 3)
        ray /= np.linalg.norm(ray)
        expected = brute_angle(eye, ray, halves)
        found = box_angle(tuple(-eye), tuple(halves), tuple(ray))
        assert found == pytest.approx(expected, abs=0.002)
        entry = box_entry(tuple(-eye), tuple(halves), tuple(ray))
        assert math.isfinite(entry) == (expected <= 0)
        signs.add(expected > 0)
    assert signs == {True, False}


def test_an_eye_in_a_box_is_all_inside_and_one_behind_it_far_outside() -> None:
    halves, ahead = (0.5, 0.5, 0.5), (0.0, 0.0, -1.0)
    middle = (-0.1, -0.2, -0.3)
    assert (box_angle(middle, halves, ahead), box_entry(middle, halves, ahead)) == (-math.pi, 0)
    middle = (0.0, 0.0, 2.0)
    # The near face's corners are furthest aside: 1.5 m behind the eye.
    assert box_angle(middle, halves, ahead) == pytest.approx(
        math.pi - math.atan(math.sqrt(0.5) / 1.5)
    )
    assert box_entry(middle, halves, ahead) == math.inf


def test_a_flat_box_and_one_without_any_depth_have_outlines() -> None:
    """A screen, seen from ahead and along its face; a rod."""
    ray = (math.sin(0.3), 0.0, -math.cos(0.3))
    screen, rod, ahead = (0.5, 0.3, 0.0), (0.0, 0.4, 0.0), (0.0, 0.0, -2.0)
    assert box_angle(ahead, screen, ray) == pytest.approx(0.3 - math.atan(0.25))
    assert box_angle((0.0, -2.0, 0.0), screen, (0.0, -math.cos(0.3), math.sin(0.3))) == (
        pytest.approx(0.3)
    )
    assert box_angle(ahead, rod, ray) == pytest.approx(0.3)


def test_rays_enter_spheres_and_boxes_where_they_are() -> None:
    ahead = (0.0, 0.0, -1.0)
    centres = [(0, 0, -2), (0, 0.3, -2), (0, 0.6, -2), (0, 0, 2), (0, 0, 0.1)]
    entered = [sphere_entry(centre, ahead, 0.5) for centre in centres]
    assert entered == pytest.approx([1.5, 1.6, math.inf, math.inf, 0.0])
    entered = [box_entry(centre, (0.5, 0.5, 0.5), ahead) for centre in centres]
    assert entered == pytest.approx([1.5, 1.5, math.inf, math.inf, 0.0])


def test_outlines_are_as_large_as_they_look() -> None:
    """A cap's area and rim; a square from far ahead; the mean shadow of a convex body, which is a
    quarter of its surface (Cauchy)."""
    assert sphere_outline(0.2) == pytest.approx(
        (4 * math.pi * math.sin(0.1) ** 2, 2 * math.pi * math.sin(0.2))
    )
    assert sphere_outline(math.pi) == pytest.approx((4 * math.pi, 0.0), abs=1e-12)
    assert box_outline((0.0, 0.0, 10.0), (0.5, 0.5, 0.2)) == pytest.approx((0.01, 0.4))
    sights = np.random.default_rng(2).normal(size=(40_000, 3))
    sights *= 10 / np.linalg.norm(sights, axis=1)[:, None]
    shadows = [box_outline(sight, (0.1, 0.2, 0.3))[0] for sight in sights.tolist()]
    surface = 8 * (0.1 * 0.2 + 0.2 * 0.3 + 0.3 * 0.1)
    assert np.mean(shadows) * 100 == pytest.approx(surface / 4, rel=0.01)


@pytest.mark.parametrize("radius_deg", [0.0, 0.75, 4.0, 12.0])
@pytest.mark.parametrize("sigma_deg", [0.3, 1.0, 3.0])
def test_the_density_around_a_sphere_integrates_to_one(
    radius_deg: float, sigma_deg: float
) -> None:
    radius, sigma = math.radians(radius_deg), math.radians(sigma_deg)

    def ring(angle: float) -> float:
        density = math.exp(-(max(angle - radius, 0.0) ** 2) / (2 * sigma * sigma))
        return density * 2 * math.pi * math.sin(angle)

    integral, _ = integrate.quad(ring, 0, radius + 9 * sigma, points=[radius], epsabs=1e-12)
    assert spread(*sphere_outline(radius), sigma**2) == pytest.approx(integral, rel=0.02)


def test_the_density_around_a_box_integrates_to_one() -> None:
    """Over a fine grid of directions, for a box of 9 by 6 degrees at an angle, error 2 degrees."""
    eye, halves, sigma = np.array([1.2, 0.8, 1.6]), np.array([0.1, 0.12, 0.05]), math.radians(2)
    far = float(np.linalg.norm(eye))
    steps = (np.arange(-90, 90) + 0.5) * math.radians(0.2)
    across, up = (each.ravel() for each in np.meshgrid(steps, steps))
    ahead = -eye / far
    side = np.cross(ahead, (0.0, 1.0, 0.0))
    side /= np.linalg.norm(side)
    rays = ahead + np.tan(across)[:, None] * side + np.tan(up)[:, None] * np.cross(side, ahead)
    cells = math.radians(0.2) ** 2 / (np.cos(across) * np.cos(up)) ** 2
    cells /= np.linalg.norm(rays, axis=1) ** 3
    rays /= np.linalg.norm(rays, axis=1)[:, None]
    middle = tuple((-eye).tolist())
    angles = np.array([box_angle(middle, tuple(halves), ray) for ray in rays.tolist()])
    integral = float((np.exp(-(np.maximum(angles, 0) ** 2) / (2 * sigma**2)) * cells).sum())
    found = spread(*box_outline(middle, tuple(halves)), sigma**2)
    assert found == pytest.approx(integral, rel=0.02)


@pytest.mark.parametrize(
    ("radius", "halves"), [(0.0, (0.0, 0.0, 0.0)), (0.05, (0, 0, 0)), (0.0, (0.05, 0.02, 0.2)),
                           (0.0, (0.1, 0.1, 0.0))]
)
def test_the_density_around_a_body_integrates_to_one(
    radius: float, halves: tuple[float, float, float]
) -> None:
    room = np.array(halves) + radius + 6 * ERROR_M
    count = 90
    axes = [(np.arange(count) + 0.5) / count * 2 * edge - edge for edge in room]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    aside = np.linalg.norm(np.maximum(np.abs(points) - halves, 0), axis=1) - radius
    density = np.exp(-(np.maximum(aside, 0) ** 2) / (2 * ERROR_M**2))
    integral = density.mean() * np.prod(2 * room)
    found = bulks(np.array([radius]), np.array([halves]).T)[0]
    assert found == pytest.approx(integral, rel=0.01)


@pytest.mark.parametrize("far", [0.0, 30.0, 3000.0])
def test_distances_and_errors_are_arcs_from_the_centre(far: float) -> None:
    """Wherever all of it lies, to less than what its coordinates leave open as single floats."""
    random = np.random.default_rng(3)
    centres = random.normal(size=(50, 3))
    centres /= np.linalg.norm(centres, axis=1)[:, None]
    distances = random.uniform(0.3, 8, 50)
    origin, ray = tuple((far * random.normal(size=3)).tolist()), tuple(centres[0].tolist())
    points = np.vstack((centres.T * distances + np.array(origin)[:, None], np.ones(50)))
    # Several rays at once, this one in the middle.
    _, seen, _ = views(formed(np.eye(3, 4), points), [
        ((1, 2, 3), (0, 0, -1)), (origin, ray), (origin, (0, 1, 0)),
    ])
    out = np.empty((4, 50))
    errors(seen, out)
    found = out[:3].T
    angles = np.arctan2(np.linalg.norm(np.cross(centres, ray), axis=1), centres @ ray)
    close = 3e-8 + np.spacing(np.float32(far)) / distances
    assert (np.abs(seen.distances - distances) <= 1e-12 + close * distances).all()
    for measured in (seen.angles, np.linalg.norm(found, axis=1)):
        assert (np.abs(measured - angles) <= close).all()
    assert (np.abs(out[3] - angles**2) <= 8 * close).all()
    assert (np.abs((found * centres).sum(axis=1)) <= close).all()
    # Walking the arc from the centre arrives at the ray.
    sides = found[1:] / angles[1:, None]
    arrived = np.cos(angles[1:, None]) * centres[1:] + np.sin(angles[1:, None]) * sides
    assert (np.abs(arrived - ray).max(axis=1) <= close[1:]).all()
    one_by_one = np.array([error(tuple(centre), ray) for centre in centres])
    assert (np.abs(one_by_one - out.T).max(axis=1) <= 8 * close).all()


def test_a_ray_towards_a_centre_or_away_from_it_or_from_it_gives_finite_errors() -> None:
    points = np.array(((0.0, 0.0, -2.0, 1.0), (0.0, 0.0, 2.0, 1.0), (0.0, 0.0, 0.0, 1.0))).T
    (seen,), out = views(formed(np.eye(3, 4), points), [((0, 0, 0), (0, 0, -1))]), np.empty((4, 3))
    errors(seen, out)
    assert seen.angles[:2] == pytest.approx((0, math.pi), abs=1e-7)
    assert np.isfinite(out).all()
    assert out[:3, 0] == pytest.approx(0, abs=1e-7)
    assert (seen.distances > 0).all()
