"""Outlines and densities of targets, against brute force and numerical integrals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

from sensorium.perception.targets.belief import spread
from sensorium.perception.targets.evidence import errors
from sensorium.perception.targets.grasp import ERROR_M, bulks
from sensorium.perception.targets.silhouette import (
    box_angles,
    box_entry,
    box_outline,
    sphere_entry,
    sphere_outline,
)


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
        found, entry = box_angles(eye[None], ray[None], halves[None])
        assert found[0] == pytest.approx(expected, abs=0.002)
        assert np.isfinite(entry[0]) == (expected <= 0)
        signs.add(expected > 0)
    assert signs == {True, False}


def test_an_eye_in_a_box_is_all_inside_and_one_behind_it_far_outside() -> None:
    halves = np.full((1, 3), 0.5)
    ahead = np.array([[0.0, 0.0, -1.0]])
    angle, entry = box_angles(np.array([[0.1, 0.2, 0.3]]), ahead, halves)
    assert (angle[0], entry[0]) == (-math.pi, 0.0)
    angle, entry = box_angles(np.array([[0.0, 0.0, -2.0]]), ahead, halves)
    # The near face's corners are furthest aside: 1.5 m behind the eye.
    assert angle[0] == pytest.approx(math.pi - math.atan(math.sqrt(0.5) / 1.5))
    assert entry[0] == np.inf


def test_a_flat_box_and_one_without_any_depth_have_outlines() -> None:
    """A screen, seen from ahead and along its face; a rod."""
    ray = np.array([[math.sin(0.3), 0.0, -math.cos(0.3)]])
    screen, rod = np.array([[0.5, 0.3, 0.0]]), np.array([[0.0, 0.4, 0.0]])
    angle, _ = box_angles(np.array([[0.0, 0.0, 2.0]]), ray, screen)
    assert angle[0] == pytest.approx(0.3 - math.atan(0.25))
    angle, _ = box_angles(np.array([[0.0, 0.0, 2.0]]), ray, rod)
    assert angle[0] == pytest.approx(0.3)


def test_rays_enter_spheres_and_boxes_where_they_are() -> None:
    ahead = np.array([0.0, 0.0, -1.0])
    centres = np.array([(0, 0, -2), (0, 0.3, -2), (0, 0.6, -2), (0, 0, 2), (0, 0, 0.1)], float)
    entered = sphere_entry(centres, ahead, np.full(5, 0.5))
    assert entered.tolist() == pytest.approx([1.5, 1.6, np.inf, np.inf, 0.0])
    entered = box_entry(-centres, ahead, np.full(3, 0.5))
    assert entered.tolist() == pytest.approx([1.5, 1.5, np.inf, np.inf, 0.0])


def test_outlines_are_as_large_as_they_look() -> None:
    """A cap's area and rim; a square from far ahead; the mean shadow of a convex body, which is a
    quarter of its surface (Cauchy)."""
    area, rim = sphere_outline(np.array([0.2, math.pi]))
    assert area.tolist() == pytest.approx([4 * math.pi * math.sin(0.1) ** 2, 4 * math.pi])
    assert rim.tolist() == pytest.approx([2 * math.pi * math.sin(0.2), 0.0], abs=1e-12)
    square, edges = box_outline(
        np.array([[0.0, 0.0, 1.0]]), np.array([10.0]), np.array([[0.5, 0.5, 0.2]])
    )
    assert (square[0], edges[0]) == pytest.approx((0.01, 0.4))
    views = np.random.default_rng(2).normal(size=(40_000, 3))
    views /= np.linalg.norm(views, axis=1)[:, None]
    halves = np.tile((0.1, 0.2, 0.3), (len(views), 1))
    shadows, _ = box_outline(views, np.full(len(views), 10.0), halves)
    surface = 8 * (0.1 * 0.2 + 0.2 * 0.3 + 0.3 * 0.1)
    assert shadows.mean() * 100 == pytest.approx(surface / 4, rel=0.01)


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
    areas, rims = sphere_outline(np.array([radius]))
    assert spread(areas, rims, sigma**2)[0] == pytest.approx(integral, rel=0.02)


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
    angles, _ = box_angles(np.tile(eye, (len(rays), 1)), rays, np.tile(halves, (len(rays), 1)))
    integral = float((np.exp(-(np.maximum(angles, 0) ** 2) / (2 * sigma**2)) * cells).sum())
    areas, rims = box_outline((eye / far)[None], np.array([far]), halves[None])
    assert spread(areas, rims, sigma**2)[0] == pytest.approx(integral, rel=0.02)


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
    found = bulks(np.array([radius]), np.array([halves]))[0]
    assert found == pytest.approx(integral, rel=0.01)


def test_errors_are_arcs_from_the_centre() -> None:
    random = np.random.default_rng(3)
    centres = random.normal(size=(50, 3))
    centres /= np.linalg.norm(centres, axis=1)[:, None]
    ray = centres[0]
    found = errors(centres, ray)
    angles = np.arctan2(np.linalg.norm(np.cross(centres, ray), axis=1), centres @ ray)
    assert np.linalg.norm(found, axis=1) == pytest.approx(angles, abs=1e-9)
    assert np.abs((found * centres).sum(axis=1)).max() < 1e-9
    # Walking the arc from the centre arrives at the ray.
    sides = found[1:] / angles[1:, None]
    arrived = np.cos(angles[1:, None]) * centres[1:] + np.sin(angles[1:, None]) * sides
    assert np.abs(arrived - ray).max() < 1e-9
