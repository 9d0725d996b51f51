"""Which GPU engines run on, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.errors import GpuBudget

MIB = 1 << 20


@dataclass(frozen=True)
class Gpu:
    """What an engine needs to know of the GPU that it is to run on.

    Attributes:
        binding: A key of `cuda.driver.BINDINGS`.
        uuid: Of the device; empty: the first.
        reserve_mib: What must stay free on it for the game.
        room: Bytes that the engine may take at most; None: as many as are free.
    """

    binding: str = "cuda-bindings"
    uuid: str = ""
    reserve_mib: int = 0
    room: int | None = None

    def admit(self, name: str, needed: int) -> None:
        """Refuses what takes more than it may.

        Args:
            name: Of the engine.
            needed: Bytes.

        Raises:
            GpuBudget: When it does.
        """
        if self.room is not None and needed > self.room:
            raise GpuBudget(
                f"{name}: needs {needed / MIB:.1f} MiB of the GPU's memory, engines may take "
                f"{max(0, self.room) / MIB:.1f} MiB more",
                "inference.gpu_budget_mib is what they may take",
            )
