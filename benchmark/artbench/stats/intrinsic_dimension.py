"""The intrinsic dimension of features, by TwoNN."""

import numpy as np
from numpy.typing import NDArray

# Fewest distinct images whose neighbours say something.
FEWEST = 20
# Share of the largest ratios that the fit leaves out.
_LEFT_OUT = 0.1
# Nearest by rounded distances, of which the exact two nearest are taken.
_CANDIDATES = 8
# Distances held at a time: 32 MB.
_BLOCK = 1 << 22


def distinct(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return each vector once, in the order of their first occurrence: float64, shape (m, d)."""
    # Adding zero makes -0.0 and 0.0 the same bytes.
    exact = np.ascontiguousarray(features, np.float64) + 0.0
    first = {row.tobytes(): number for number, row in reversed(list(enumerate(exact)))}
    return exact[sorted(first.values())]


def two_nn(features: NDArray[np.floating]) -> float | None:
    """Estimate the intrinsic dimension from the ratio of the distances to the two nearest neighbours.

    TwoNN (Facco et al. 2017, “Estimating the intrinsic dimension of datasets by a minimal neighborhood information”):
    the ratios r2 / r1, sorted, with F = i / n; the dimension is the slope of -log(1 - F) against log(r2 / r1), a line
    through the origin, without the largest 10 % of the ratios. Distances are Euclidean, between the features as they
    are. Equal vectors are taken once, since their r1 is zero. The estimate depends on the number of images.

    Args:
        features: Shape (n, d).

    Returns:
        The dimension; None with fewer than `FEWEST` distinct vectors, or if no second neighbour is further away than
        the first.

    Examples:
        >>> import numpy as np
        >>> from artbench.stats.intrinsic_dimension import two_nn
        >>> plane = np.random.default_rng(0).random((500, 2)) @ np.random.default_rng(1).random((2, 30))
        >>> round(two_nn(plane))
        2
    """
    points = distinct(features)
    n = len(points)
    if n < FEWEST:
        return None
    nearest, second = _two_nearest(points)
    kept = int(n * (1 - _LEFT_OUT))
    ratios = np.log(np.sort(second / nearest)[:kept])
    heights = -np.log1p(-np.arange(1, kept + 1) / n)
    square = float(ratios @ ratios)
    return float(ratios @ heights) / square if square > 0 else None


def _two_nearest(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distances of each point to its nearest and its second nearest, a few rows at a time.

    Candidates come from products, which lose digits; the distances to them come from differences.
    """
    n = len(points)
    # Centred, products lose fewer digits.
    centred = points - points.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    count = min(_CANDIDATES, n - 1)
    found = np.empty((n, 2))
    step = max(1, min(_BLOCK // n, _BLOCK // (points.shape[1] * count)))
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        distances = squares - 2 * (centred[part] @ centred.T)
        rows = np.arange(part.stop - start)
        distances[rows, rows + start] = np.inf
        near = np.argpartition(distances, count - 1, axis=1)[:, :count]
        exact = np.linalg.norm(points[near] - points[part, None], axis=2)
        found[part] = np.partition(exact, 1, axis=1)[:, :2]
    return found[:, 0], found[:, 1]
