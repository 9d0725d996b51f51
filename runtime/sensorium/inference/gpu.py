"""Which GPU engines run on, and how it is reached."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Gpu:
    """What an engine needs to know of the GPU that it is to run on.

    Attributes:
        binding: A key of `cuda.driver.BINDINGS`.
        uuid: Of the device; empty: the first.
        reserve_mib: What must stay free on it for the game.
    """

    binding: str = "cuda-bindings"
    uuid: str = ""
    reserve_mib: int = 0
