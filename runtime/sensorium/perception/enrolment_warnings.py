"""What enrolling a gesture warns of, whether it is held or moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


BUILT_IN = 0.3
"""Share of the recordings in which a sense tells a gesture by itself, to be warned of."""


class Judged(Protocol):
    """How well a gesture is told.

    Attributes:
        taken_for: Share of it that is taken for each gesture, in their order.
        unlike: Numbers, from 1, of its recordings that the others do not know.
    """

    @property
    def taken_for(self) -> NDArray[np.floating[Any]]:
        """See the class."""
        ...

    @property
    def unlike(self) -> Sequence[int]:
        """See the class."""
        ...


def confused(
    name: str, judged: Mapping[str, Judged], unit: str, least: float
) -> Iterator[tuple[str, str]]:
    """The other gestures, each with the warning that it and the new one may be confused, or "".

    Args:
        name: The new one's.
        judged: Of each gesture, in the order of `taken_for`.
        unit: What shares are of, as "frames".
        least: Share that must be exceeded, in either way.
    """
    names = list(judged)
    for at, (other, told) in enumerate(judged.items()):
        there = float(judged[name].taken_for[at])
        back = float(told.taken_for[names.index(name)])
        alike = other != name and max(there, back) > least
        yield other, (
            f"{name!r} and {other!r} may be confused: {there:.0%} of its {unit} are taken for "
            f"{other!r}, {back:.0%} the other way"
        ) if alike else ""


def slips(judged: Judged) -> list[str]:
    """The warning of recordings that are unlike the others, where there are any."""
    unlike = ", ".join(map(str, judged.unlike))
    return [
        f"recording {unlike} is not known from the others: enrol again if it was a slip"
    ] if unlike else []


def told_anyway(name: str, built_in: Mapping[str, float]) -> list[str]:
    """The warnings of what a sense tells of the new gesture by itself.

    Args:
        name: The new one's.
        built_in: Gesture to the share of the recordings in which it was told.
    """
    return [
        f"{name!r} is told as {other!r}, too, in {share:.0%} of the recordings"
        for other, share in built_in.items() if share >= BUILT_IN
    ]
