"""Points in three bundles of directions, and whether a layout keeps them apart."""

import numpy as np
from numpy.typing import NDArray

from artbench.explain.cosine import unit_vectors

RANDOM = np.random.default_rng(0)
CENTRES = RANDOM.standard_normal((3, 40))
LABELS = np.arange(120, dtype=np.int64) % 3
POINTS = unit_vectors((CENTRES[LABELS] + 0.4 * RANDOM.standard_normal((120, 40))).astype(np.float32))


def together(places: NDArray[np.float64]) -> float:
    """The share of the places that are nearest to the middle of their own bundle."""
    middles = np.stack([places[label == LABELS].mean(axis=0) for label in range(3)])
    gaps = np.linalg.norm(places[:, None] - middles, axis=2)
    return float((gaps.argmin(axis=1) == LABELS).mean())
