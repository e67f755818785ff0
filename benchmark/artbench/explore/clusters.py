"""Clusters of pictures whose features are alike, and what is typical of each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

# Dimensions that are clustered, as those of UMAP.
_DIMENSIONS = 50
# Pictures that are shown of each cluster, and values of each column.
_TYPICAL, _VALUES = 8, 3
_FEWEST, _MOST = 2, 40


@dataclass(frozen=True, kw_only=True)
class Value:
    """How common a value of a column is in a cluster.

    Attributes:
        value: The value.
        share: Its share of the pictures of the cluster that have any.
        overall: Its share of all pictures that have any.
    """

    value: str
    share: float
    overall: float


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A cluster.

    Attributes:
        size: Number of its pictures.
        typical: Positions of the pictures nearest to its centre, the nearest first.
        values: Its commonest values of each column, the commonest first; without columns in which nothing repeats.
    """

    size: int
    typical: Sequence[int]
    values: Mapping[str, Sequence[Value]]


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """All clusters, the largest first.

    Attributes:
        found: The clusters.
        of: Number of each picture's cluster, int64, shape (n,).
    """

    found: Sequence[Cluster]
    of: NDArray[np.int64]


def usual_number(pictures: int) -> int:
    """Return how many clusters are made of so many pictures, unless the user says.

    Examples:
        >>> usual_number(100), usual_number(1_250), usual_number(100_000)
        (4, 14, 40)
    """
    return int(min(_MOST, max(_FEWEST, round(pictures**0.5 / 2.5))))


def find_clusters(
    components: NDArray[np.float64], columns: Mapping[str, Sequence[str]], *, count: int | None, seed: int
) -> Clusters:
    """Cluster pictures by k-means on the first principal components of their directions.

    Args:
        components: Principal components of the directions, the first first, shape (n, any).
        columns: What is said of each picture, by column; empty texts are no values.
        count: Number of clusters; None: `usual_number`.
        seed: Seed of k-means.
    """
    n = len(components)
    wanted = min(n, usual_number(n) if count is None else count)
    data = components[:, :_DIMENSIONS].astype(np.float32)
    # Fewer different pictures than clusters would be warned of.
    wanted = min(wanted, len(np.unique(data, axis=0)))
    model = KMeans(wanted, n_init=2, random_state=seed).fit(data)
    order = np.argsort(-np.bincount(model.labels_, minlength=wanted), kind="stable")
    of = np.argsort(order)[model.labels_].astype(np.int64)
    distances = np.square(data - model.cluster_centers_[model.labels_]).sum(axis=1)
    overall = {name: Counter(filter(None, values)) for name, values in columns.items()}
    repeated = {name: counts for name, counts in overall.items() if counts and max(counts.values()) > 1}
    found = []
    for number in range(wanted):
        members = np.flatnonzero(of == number)
        typical = members[np.argsort(distances[members], kind="stable")[:_TYPICAL]]
        found.append(
            Cluster(
                size=len(members),
                typical=typical.tolist(),
                values={name: _common(columns[name], members, counts) for name, counts in repeated.items()},
            )
        )
    return Clusters(found=found, of=of)


def _common(values: Sequence[str], members: NDArray[np.int64], overall: Mapping[str, int]) -> list[Value]:
    counts = Counter(values[at] for at in members.tolist() if values[at])
    mine, total = sum(counts.values()), sum(overall.values())
    return [
        Value(value=value, share=count / mine, overall=overall[value] / total)
        for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_VALUES]
    ]
