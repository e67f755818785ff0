"""How many dimensions features take up, by their singular values: RankMe and the effective rank."""

import numpy as np
from numpy.typing import NDArray

# Added to every share in RankMe, as its authors do.
_EPSILON = 1e-7


def rankme(features: NDArray[np.floating]) -> float:
    """Compute RankMe: the exponential of the entropy of the singular values, as shares of their sum.

    The features are taken as they are, not centred, and 1e-7 is added to every share (Garrido et al. 2023, “RankMe:
    Assessing the Downstream Performance of Pretrained Self-Supervised Representations by Their Rank”, equation 1). It
    is about min(n, d) at most, so values can be compared only for the same number of images and of features.

    Args:
        features: Shape (n, d).

    Returns:
        From 1 on; 0 if all features are zero.

    Examples:
        >>> import numpy as np
        >>> from artbench.stats.spectrum import rankme
        >>> round(rankme(np.eye(4)), 3), round(rankme(np.ones((4, 3))), 3)
        (4.0, 1.0)
    """
    values: NDArray[np.float64] = np.linalg.svd(features.astype(np.float64), compute_uv=False)
    total = values.sum()
    return 0.0 if total <= 0 else _exponential_of_entropy(values / total + _EPSILON)


def effective_rank(features: NDArray[np.floating]) -> float:
    """Compute the effective rank of the features' covariance matrix.

    That is the exponential of the entropy of the variances along the principal components, as shares of their sum (Roy
    and Vetterli 2007, “The effective rank: a measure of effective dimensionality”, of the covariance matrix). Unlike
    RankMe it does not see the mean, and dimensions of little variance count for less. It is at most min(n - 1, d).

    Args:
        features: Shape (n, d).

    Returns:
        From 1 on; 0 if all images have the same features.

    Examples:
        >>> import numpy as np
        >>> from artbench.stats.spectrum import effective_rank
        >>> cross = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
        >>> round(effective_rank(cross + 100), 3)
        2.0
    """
    exact = features.astype(np.float64)
    # What rounding leaves of features that are all the same is no variance.
    if (exact == exact[:1]).all():
        return 0.0
    centred = exact - exact.mean(axis=0)
    # Of the two products, which have the same eigenvalues but for zeros, the smaller one.
    product = centred.T @ centred if len(exact) > exact.shape[1] else centred @ centred.T
    variances = np.linalg.eigvalsh(product).clip(0)
    return _exponential_of_entropy(variances / variances.sum())


def _exponential_of_entropy(shares: NDArray[np.float64]) -> float:
    some = shares[shares > 0]
    return float(np.exp(-(some * np.log(some)).sum()))
