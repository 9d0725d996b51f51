"""What an error code of CUDA's driver means for an engine. The numbers are those of `cuda.h`."""

from __future__ import annotations

from sensorium.errors import GpuError, GpuLost, GpuMemory, GpuMissing
from sensorium.inference.cuda.driver import MEMORY_REMEDY, NO_DRIVER_REMEDY

OUT_OF_MEMORY = frozenset({2})
MISSING = frozenset({3, 34, 35, 36, 46, 100, 101, 803, 804})
"""Not initialised, a stub, too old, another version's, in use by others, no device."""
LOST = frozenset({4, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 910, 999})
"""After these the context of the process is unusable: ECC, NVLink, illegal address, time-out,
launch failure, device unplugged, unknown."""


def failure(call: str, code: int, name: str) -> GpuError:
    """The error of a call that gave a code other than 0.

    Args:
        call: The driver's function.
        code: Its CUresult.
        name: What the driver calls the code; may be empty.
    """
    message = f"CUDA: {call} gives {name or 'error'} ({code})"
    if code in OUT_OF_MEMORY:
        return GpuMemory(message, MEMORY_REMEDY)
    if code in MISSING:
        return GpuMissing(message, NO_DRIVER_REMEDY)
    if code in LOST:
        return GpuLost(message, "it is tried again by itself; see the system's log for the driver")
    return GpuError(message)
