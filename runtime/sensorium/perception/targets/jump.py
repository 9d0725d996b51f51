"""Where the mean of errors has jumped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def split(
    newest: Iterable[Sequence[float]], sums: Sequence[float], count: float, most: int
) -> tuple[int, float]:
    """Which number of newest samples differs most in its mean from the samples before them.

    Args:
        newest: Errors, the newest first.
        sums: Of all errors.
        count: How many those are.
        most: Of the newest ones.

    Returns:
        The number, 0 where there is nothing to split; and the square of the difference of both
        means over its variance for noise of variance 1.
    """
    mx, my, mz = sums[0] / count, sums[1] / count, sums[2] / count
    x = y = z = best = 0.0
    found = 0
    for number, (dx, dy, dz, _) in zip(range(1, most + 1), newest, strict=False):
        # The newest ones' sum less as many times the mean of all.
        x, y, z = x + dx - mx, y + dy - my, z + dz - mz
        ratio = (x * x + y * y + z * z) / (number * (count - number))
        if ratio > best:
            best, found = ratio, number
    return found, best * count
