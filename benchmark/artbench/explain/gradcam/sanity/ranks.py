"""How alike two maps rank the places of a picture."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

# Ranks that differ by less than this, as a share of how much they could, are those of a map of one value.
_FLAT = 1e-12


def rank_correlations(ones: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Spearman's rank correlation of each pair of maps.

    Args:
        ones: Shape (n, height, width), or (n, height, width, channels), of which the sum of magnitudes counts.
        others: Of the same shape.

    Returns:
        float64, shape (n,); NaN where either map is of one value, as Grad-CAM's is where nothing is positive.
    """
    return np.array([_spearman(one, other) for one, other in zip(_flat(ones), _flat(others), strict=True)])


def _flat(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    single = np.abs(maps).sum(axis=3) if maps.ndim == 4 else maps
    return single.reshape(len(maps), -1)


def _spearman(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    ranks = np.stack([rankdata(one), rankdata(other)])
    ranks -= ranks.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.square(ranks).sum(axis=1))
    if spread.min() <= _FLAT * one.size**1.5:
        return float("nan")
    return float((ranks[0] @ ranks[1]) / (spread[0] * spread[1]))
