"""What the stand-in NVML says of the load, less what this program's processes take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sensorium.inference.governor.gpu_load import GpuLoad

UUID = "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f"
NOW_US, AGO_US = 90_000_000, 80_000_000
STARTS_ANOTHER = (
    "import subprocess, sys; one = subprocess.Popen([sys.executable, '-c', 'input()']); "
    "print(one.pid, flush=True); one.wait()"
)


def main(told: Path) -> None:
    own, theirs = os.getpid(), os.getppid()
    any_device, device, other_device = GpuLoad(), GpuLoad(UUID), GpuLoad("GPU-of-somebody-else")
    assert device.others_busy([own]) is None, "nothing is told"

    def says(gpu: int, *processes: tuple[int, int, int]) -> float | None:
        told.write_text("\n".join([str(gpu), *(" ".join(map(str, each)) for each in processes)]))
        assert other_device.others_busy([own]) is None
        found = device.others_busy([own])
        # Asked again at once it says the same, though there is no newer sample.
        assert device.others_busy([own]) == found
        assert any_device.others_busy([own]) == found
        return found

    with subprocess.Popen(
        [sys.executable, "-c", STARTS_ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        assert says(70) == 0.7, "none of ours is on it"
        assert says(70, (theirs, 60, NOW_US)) == 0.7
        assert says(70, (theirs, 40, NOW_US), (grandchild, 20, NOW_US), (own, 10, NOW_US)) == 0.4
        # The newest of each counts, and what is old does not.
        assert says(70, (own, 50, NOW_US - 500), (own, 10, NOW_US), (theirs, 9, NOW_US)) == 0.6
        assert says(70, (own, 50, AGO_US), (theirs, 10, NOW_US)) == 0.7
        assert says(10, (own, 50, NOW_US)) == 0.0
        assert says(100) == 1.0
        os.environ["STAND_IN_NVML_WHOSE"] = "unknown"
        assert says(70, (theirs, 60, NOW_US)) == 0.7
        assert says(70, (own, 10, NOW_US)) is None, "how much of it is ours?"
        child.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
