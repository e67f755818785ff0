"""Many tests at once (Holm 1979, A simple sequentially rejective multiple test procedure)."""

import numpy as np
from numpy.typing import NDArray


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corrected p values: the level at which Holm's procedure would just reject each.

    Whatever the tests have to do with each other, rejecting what is at most 0.05 rejects any true hypothesis with a
    probability of at most 0.05.

    Args:
        p: Shape (tests,).
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1)
    return corrected
