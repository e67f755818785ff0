"""Whether two encoders are right about equally many pictures (McNemar 1947), by the exact binomial distribution."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr


def mcnemar(only_first: NDArray[np.int64], only_second: NDArray[np.int64]) -> NDArray[np.float64]:
    """Two-sided p values: of the pictures that just one is right about, each is as likely to be the first's.

    Args:
        only_first: Pictures that the first alone is right about, of any shape.
        only_second: Pictures that the second alone is right about, of the same shape.
    """
    fewer, both = np.minimum(only_first, only_second), only_first + only_second
    p: NDArray[np.float64] = np.minimum(1, 2 * bdtr(fewer.astype(np.float64), both, 0.5))
    return p
