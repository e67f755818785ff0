"""A paired test that looks at no resample: in each image, or cluster of them, two encoders may change places."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc


def sign_flip(
    added: NDArray[np.float64],
    weights: NDArray[np.float64],
    clusters: NDArray[np.int64] | None = None,
    *,
    values: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Two-sided p values for every pair of encoders, by the normal limit of the sign-flip test.

    Under the hypothesis that every unit's difference is as likely to have the other sign, their sum over the root of
    the sum of their squares is close to normal, and has lighter tails (Efron 1969, Student's t-test under symmetry
    conditions). Unlike the bootstrap's, this variance is not too small where a class has one or two images.

    Args:
        added: What each image adds to a metric, shape (rows, n).
        weights: What it weighs there, shape (n,).
        clusters: What each image changes places with, shape (n,); None: it alone.
        values: The metric, shape (rows,), where it is not the sum of what images add (`stats.parts`); None: it is.

    Returns:
        Shape (rows, rows), symmetric.
    """
    units = added * weights
    if clusters is not None:
        order = np.argsort(clusters, kind="stable")
        starts = np.flatnonzero(np.diff(clusters[order], prepend=clusters.min() - 1))
        units = np.add.reduceat(units[:, order], starts, axis=1)
    products, sums = units @ units.T, units.sum(axis=1) if values is None else values
    own = np.diag(products)
    squares = own[:, None] + own - 2 * products
    # What rounding leaves of two encoders with the same answers is no difference.
    some = squares > 1e-12 * (own[:, None] + own)
    z = np.divide(np.abs(sums[:, None] - sums), np.sqrt(np.maximum(squares, 0)), out=np.zeros_like(squares), where=some)
    p: NDArray[np.float64] = erfc(z / np.sqrt(2))
    return p
