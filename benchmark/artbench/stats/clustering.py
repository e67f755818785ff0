"""How well clusters of features, found without labels, agree with the classes."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

_STARTS = 5
_MOST_STEPS = 100


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """Agreement of k-means clusters with classes.

    Attributes:
        clusters: Number of clusters: that of the classes that are there.
        ari: Adjusted Rand index (Hubert and Arabie 1985): 1 for equal partitions, about 0 by chance, at least -0.5.
        nmi: Mutual information over the arithmetic mean of the two entropies (NMI_sum of Vinh, Epps and Bailey 2010),
            in [0, 1]; not corrected for chance.
    """

    clusters: int
    ari: float
    nmi: float


def cluster_agreement(features: NDArray[np.floating], labels: NDArray[np.int64]) -> Clustering | None:
    """Cluster images by k-means, and compare the clusters with their classes.

    The features are divided by their length, as for the nearest neighbours. There are as many clusters as classes. Of
    5 starts by k-means++ with seed 0 the one with the smallest inertia counts, after at most 100 steps.

    Args:
        features: Shape (n, d).
        labels: Class of each image, shape (n,).

    Returns:
        The agreement; None if all images are of one class.

    Examples:
        >>> import numpy as np
        >>> from artbench.stats.clustering import cluster_agreement
        >>> features = np.array([[1.0, 0.0], [2.0, 0.1], [0.0, 3.0], [0.1, 2.0]])
        >>> cluster_agreement(features, np.array([7, 7, 2, 2]))
        Clustering(clusters=2, ari=1.0, nmi=1.0)
    """
    clusters = len(np.unique(labels))
    if clusters < 2:
        return None
    exact = features.astype(np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    directions = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0)
    with warnings.catch_warnings():
        # It warns of fewer distinct vectors than clusters: some clusters are then empty.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(clusters, n_init=_STARTS, max_iter=_MOST_STEPS, random_state=0).fit_predict(directions)
    return Clustering(
        clusters=clusters,
        ari=float(adjusted_rand_score(labels, found)),
        # It can leave [0, 1] by a rounding error.
        nmi=float(np.clip(normalized_mutual_info_score(labels, found), 0, 1)),
    )
