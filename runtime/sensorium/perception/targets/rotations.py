"""Rotation matrices of many quaternions at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sensorium.perception.targets.view import dots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sensorium.perception.targets.view import Array


def _form() -> Array:
    """A rotation matrix over the products of its unit quaternion's x, y, z and w: shape (9, 16)."""
    form = np.zeros((3, 3, 4, 4))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        form[i, i] = np.diag([1.0 if axis in (i, 3) else -1.0 for axis in range(4)])
        form[i, j, i, j], form[i, j, k, 3] = 2, -2
        form[j, i, i, j], form[j, i, k, 3] = 2, 2
    return form.reshape(9, 16)


_FORM = _form()


def matrices(quaternions: NDArray[np.float32]) -> Array:
    """Rotation matrices, shape (3, 3, N), of quaternions xyzw, shape (4, N), made unit ones."""
    wide = quaternions.astype(np.float64)
    wide /= np.sqrt(dots(wide, wide))
    products = wide[:, None] * wide
    return (_FORM @ products.reshape(16, -1)).reshape(3, 3, -1)
