"""Features with a planted weight of class and museum, and the robustness index by its definition and by its code."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from artbench.data.neighbourhoods import Neighbourhoods

Planted = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]


def cells_of(classes: int, origins: int, each: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Class and origin of equally many pictures of each."""
    grid = [(one, origin) for one in range(classes) for origin in range(origins) for _ in range(each)]
    labels, places = np.array(grid, np.int64).T
    return labels, places


def planted(
    random: np.random.Generator,
    *,
    of_class: float,
    of_origin: float,
    shape: tuple[int, int, int] = (3, 2, 12),
    means: int | None = None,
    of_painter: float = 0.0,
) -> Planted:
    """Features that are sums of a class's, an origin's and noise.

    Args:
        random: Draws the noise.
        of_class: Length of what classes add.
        of_origin: Length of what origins add.
        shape: Number of classes, of origins, and of pictures of each pair.
        means: Seed of what classes and origins add; None: drawn by `random`.
        of_painter: Length of what painters add, who have a quarter of the pictures of a class each.
    """
    classes, origins, each = shape
    labels, places = cells_of(classes, origins, each)
    drawn = random if means is None else np.random.default_rng(means)
    by_class, by_origin = (drawn.normal(size=(count, 16)) for count in (classes, origins))
    noise = random.normal(size=(len(labels), 16))
    noise += of_painter * random.normal(size=(4 * classes, 16))[painters_of(labels)]
    return (of_class * by_class[labels] + of_origin * by_origin[places] + noise).astype(np.float32), labels, places


def painters_of(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Painter of each picture: every class has four, each with pictures in all museums."""
    return 4 * labels + np.arange(len(labels)) % 4


def index_of(found: Neighbourhoods) -> float:
    """The robustness index."""
    alone = found.counts.sum(axis=0)[1:3]
    return float(alone[0] / alone.sum())


def plain_counts(vectors: NDArray[np.floating], labels: NDArray[np.int64], places: NDArray[np.int64]) -> list[int]:
    """Neighbours by what they share (class and origin, class, origin, neither), picture by picture; without ties."""
    total = [0, 0, 0, 0]
    for two in combinations(sorted(set(labels.tolist())), 2):
        for pair in combinations(sorted(set(places.tolist())), 2):
            among = [at for at in range(len(labels)) if labels[at] in two and places[at] in pair]
            k = min(
                sum(labels[at] == one and places[at] == origin for at in among) for one in two for origin in pair
            )  # fmt: skip
            if not k:
                continue
            for picture in among:
                similar = {
                    other: float(vectors[picture] @ vectors[other])
                    / float(np.linalg.norm(vectors[picture]) * np.linalg.norm(vectors[other]))
                    for other in among
                    if other != picture
                }
                for other in sorted(similar, key=lambda other: -similar[other])[:k]:
                    same, here = labels[other] == labels[picture], places[other] == places[picture]
                    total[(0 if here else 1) if same else (2 if here else 3)] += 1
    return total


def of_pathorob(
    vectors: NDArray[np.float64],
    labels: NDArray[np.int64],
    places: NDArray[np.int64],
    slides: NDArray[np.int64],
    k: int,
) -> NDArray[np.int64]:
    """SS, SO, OS and OO for each number of neighbours up to k, by the steps of PathoROB's published code.

    Vectors of length 1; k and as many neighbours as the largest slide has images, by the Euclidean distance; of these
    without the images of the query's own slide; as many of each query as the shortest row has; counts over all queries
    and all neighbours up to the k-th.
    """
    unit = normalize(vectors)
    nearest = NearestNeighbors(n_neighbors=k + int(np.bincount(slides).max())).fit(unit)
    rows = [
        [other for other in row if slides[other] != slides[query]]
        for query, row in enumerate(nearest.kneighbors(unit, return_distance=False).tolist())
    ]
    near = np.array([row[: min(map(len, rows))] for row in rows])
    same, here = (of[near] == of[:, None] for of in (labels, places))
    kinds = np.stack([same & here, same & ~here, ~same & here, ~same & ~here])
    found: NDArray[np.int64] = kinds.sum(axis=1).cumsum(axis=1)[:, :k]
    return found


def paired_pathorob(
    vectors: NDArray[np.floating], labels: NDArray[np.int64], places: NDArray[np.int64], *, k: int
) -> NDArray[np.int64]:
    """Counts of `of_pathorob`, of two classes and two centres at a time, pooled, as in its paired evaluation.

    Each image is a slide of its own. Pairs of which a cell has no image are left out.
    """
    total = np.zeros((4, k), np.int64)
    for centres in combinations(sorted(set(places.tolist())), 2):
        for classes in combinations(sorted(set(labels.tolist())), 2):
            among = np.flatnonzero(np.isin(labels, classes) & np.isin(places, centres))
            if len(set(zip(labels[among].tolist(), places[among].tolist(), strict=True))) == 4:
                part = vectors[among].astype(np.float64)
                total += of_pathorob(part, labels[among], places[among], np.arange(len(among)), k=k)
    return total
