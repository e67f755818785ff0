"""What can be said of features without training anything on labels."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.stats.clustering import Clustering, cluster_agreement
from artbench.stats.intrinsic_dimension import distinct, two_nn
from artbench.stats.spectrum import effective_rank, rankme

# Most images that are looked at: the distances between all of them take seconds.
MOST_IMAGES = 5_000


@dataclass(frozen=True, kw_only=True)
class LabelFree:
    """Figures of features, none of which is fitted to labels.

    Attributes:
        images: Number of images that were looked at.
        dimensions: Length of a feature vector.
        distinct: Number of different vectors among them.
        rankme: `artbench.stats.spectrum.rankme`.
        effective_rank: `artbench.stats.spectrum.effective_rank`.
        intrinsic_dimension: `artbench.stats.intrinsic_dimension.two_nn`; None if too few images differ.
        clustering: Agreement of k-means clusters with classes; None without one class per image.
    """

    images: int
    dimensions: int
    distinct: int
    rankme: float
    effective_rank: float
    intrinsic_dimension: float | None
    clustering: Clustering | None


def sampled(ids: Sequence[str], *, most: int = MOST_IMAGES) -> NDArray[np.int64]:
    """Return the indices, ascending, of the images to look at: all, or those whose ids have the smallest SHA-256.

    Args:
        ids: Id of each image.
        most: Most images.
    """
    if len(ids) <= most:
        return np.arange(len(ids))
    digests = [hashlib.sha256(id_.encode("utf-8", "surrogatepass")).digest() for id_ in ids]
    return np.array(sorted(sorted(range(len(ids)), key=digests.__getitem__)[:most]), np.int64)


def label_free(features: NDArray[np.floating], labels: NDArray[np.int64] | None = None) -> LabelFree:
    """Compute the figures.

    Args:
        features: Features of the images of `sampled`, shape (n, d), n at least 1.
        labels: Class of each image, shape (n,); None if images have no label, or several, or a year.
    """
    return LabelFree(
        images=len(features),
        dimensions=features.shape[1],
        distinct=len(distinct(features)),
        rankme=rankme(features),
        effective_rank=effective_rank(features),
        intrinsic_dimension=two_nn(features),
        clustering=None if labels is None else cluster_agreement(features, labels),
    )
