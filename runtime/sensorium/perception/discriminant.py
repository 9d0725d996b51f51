"""Linear discriminant analysis for a handful of samples: class means in whitened axes.

All classes share one covariance (R. A. Fisher, "The use of multiple measurements in taxonomic
problems", Annals of Eugenics 7, 1936). Few samples of many numbers do not tell it, so it is shrunk
towards a round one by as much as O. Ledoit and M. Wolf derive in "A well-conditioned estimator for
large-dimensional covariance matrices", Journal of Multivariate Analysis 88, 2004, p. 365. The
distance to the nearest mean says what is of no class at all: K. Lee et al., "A simple unified
framework for detecting out-of-distribution samples and adversarial attacks", NeurIPS 2018.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEAST_SPREAD = 0.05
"""Standard deviation that every number has at least: 3 degrees of a bone's direction. Joints that a
simulator gives have none of their own."""


class Discriminant(NamedTuple):
    """Class means, and the axes in which distances are measured.

    Attributes:
        whiten: [width, width]: takes the shared covariance to the identity.
        means: [classes, width], in those axes.
    """

    whiten: Array
    means: Array

    def distances(self, samples: Array) -> Array:
        """Of each sample to each class: 1 is about that of one of its own.

        It is Mahalanobis' distance over the square root of the width.

        Args:
            samples: [n, width] or [width].

        Returns:
            [n, classes] or [classes].
        """
        apart = (samples @ self.whiten.T)[..., None, :] - self.means
        far: Array = np.sqrt((apart * apart).mean(-1))
        return far


def fit(classes: Sequence[Array]) -> Discriminant:
    """Learns from samples of each class.

    Args:
        classes: [n, width] each, at least one sample each.
    """
    means = np.array([one.mean(0) for one in classes])
    around = np.concatenate([one - mean for one, mean in zip(classes, means, strict=True)])
    covariance, _ = shrunk(around)
    covariance[np.diag_indices_from(covariance)] += LEAST_SPREAD**2
    whiten = np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)), np.float64)
    return Discriminant(whiten, means @ whiten.T)


def shrunk(around: Array) -> tuple[Array, float]:
    """The covariance of samples around 0, by Ledoit and Wolf.

    Args:
        around: [n, width], at least one sample.

    Returns:
        [width, width], and how far it was shrunk, 0 not at all to 1 to a multiple of the identity.
    """
    count, width = around.shape
    found = around.T @ around / count
    level = float(np.trace(found)) / width
    round_ = level * np.eye(width)
    spread = float(((found - round_) ** 2).sum()) / width
    squares = (around**2).sum(1)
    # The mean over samples x of |x x' - found|^2, without making any x x'.
    error = (float((squares**2).sum()) / count - float((found**2).sum())) / count / width
    share = min(1.0, error / spread) if spread > 0.0 else 1.0
    return share * round_ + (1.0 - share) * found, share
