"""What only the C# client promises: no allocation per read, and Unity's axes."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from fixtures import clients
from fixtures.live_regions import LiveRegions, publish

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="runs under mono on Linux")

AXES = """
using System;
using System.Globalization;
using Sensorium;
internal static class Axes {
    private static void Main() {
        float[] position = { 1, 2, 3 }, rotation = { 0.1f, 0.2f, 0.3f, 0.9f }, spin = { 4, 5, 6 };
        UnityAxes.Vector(position, position);
        UnityAxes.Rotation(rotation, rotation);
        UnityAxes.AngularVelocity(spin, spin);
        foreach (float[] values in new[] { position, rotation, spin })
            foreach (float value in values)
                Console.WriteLine(value.ToString("r", CultureInfo.InvariantCulture));
    }
}
"""


def test_reading_following_and_writing_allocate_nothing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("allocation")
    program = clients.compile_csharp(
        folder / "allocation.exe", [clients.PROGRAMS / "Allocation.cs"]
    )
    with LiveRegions(tmp_path_factory.mktemp("run")) as live:
        live.grant("game", "audio")
        publish(live, "gesture_right", name=b"pinch")
        publish(live, "audio", count=512)
        done = threading.Event()

        def write() -> None:
            names = [b"pinch", b"fist"]
            k = 0
            while not done.wait(0.0005):
                k += 1
                publish(live, "gesture_right", name=names[k % 2], score=k)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            said = subprocess.run(
                [*clients.mono(program), str(live.folder), "100000"],
                capture_output=True, text=True, check=True,
            ).stdout.split()
        finally:
            done.set()
            writer.join()
    collections, grown, seen = map(int, said)
    assert seen > 100_000
    assert collections == 0
    # Mono counts in blocks of 4 KiB and more; a single byte a read would be 100,000.
    assert grown <= 8192


def _turn(quaternion, vector):
    x, y, z, w = quaternion
    u = np.array([x, y, z])
    return vector + 2 * np.cross(u, np.cross(u, vector) + w * vector)


def test_unity_axes_mirror_z_and_keep_rotations_the_same_motion(tmp_path):
    source = tmp_path / "Axes.cs"
    source.write_text(AXES)
    program = clients.compile_csharp(tmp_path / "axes.exe", [source])
    said = subprocess.run(clients.mono(program), capture_output=True, text=True, check=True).stdout
    numbers = np.array([float(line) for line in said.split()])
    position, rotation, spin = numbers[:3], numbers[3:7], numbers[7:]
    assert position.tolist() == [1, 2, -3]
    mirror = np.array([1, 1, -1])
    ours = np.array([0.1, 0.2, 0.3, 0.9])
    for vector in np.eye(3):
        # Turning and then mirroring is mirroring and then turning the mirrored way.
        expected = mirror * _turn(ours, vector)
        np.testing.assert_allclose(_turn(rotation, mirror * vector), expected, atol=1e-6)
    # v = spin x r has to hold on both sides of the mirror.
    ours_spin = np.array([4.0, 5.0, 6.0])
    for arm in np.eye(3):
        velocity = mirror * np.cross(ours_spin, arm)
        np.testing.assert_allclose(np.cross(spin, mirror * arm), velocity)
