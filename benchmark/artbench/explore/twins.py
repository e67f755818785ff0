"""Duplicates and near-duplicates: equal files, and pictures near in the features whose greys agree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from threadpoolctl import threadpool_limits

from artbench.audit.image_index import THUMBNAIL
from artbench.audit.near_duplicates import ALIKE, LEAST_COSINE, TWINS, correlation
from artbench.catalogue.nearest import Nearest
from artbench.explore.pictures import Pictures
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads, usable_cores

# Neighbours of each picture that are compared with it.
_COMPARED = 6
# Cells on a side of the first comparison, and the least correlation of these that is worth a closer look. A crop of 8 %
# moves a picture by one such cell.
_CELLS, _HOPELESS = 8, 0.4
_AT_ONCE = 256


@dataclass(frozen=True, kw_only=True)
class TwinGroup:
    """Pictures that are alike, directly or by way of others of the group.

    Attributes:
        members: Positions of the pictures, ascending.
        kind: `file`: their files are equal; `twins`: they count as one picture; `alike`: a person should look.
        correlation: The least correlation of greys by which one of them belongs here; 1 for equal files.
    """

    members: Sequence[int]
    kind: str
    correlation: float


def find_twins(
    near: Nearest, pictures: Pictures, contents: NDArray[np.uint64], *, reporter: Reporter
) -> list[TwinGroup]:
    """Group pictures that are alike: those surest to be one first.

    Equal files are known from the digests of the features; other candidates are the nearest by features, confirmed by
    the correlation that `artbench data audit` uses, under the same thresholds.

    Args:
        near: The nearest of each of n pictures.
        pictures: Their greys.
        contents: Digest of each file, uint64, shape (n, 2).
        reporter: Receives progress.
    """
    equal = _equal(contents)
    pairs = _candidates(near, pictures)
    correlations = _correlations(pairs, pictures.greys, reporter)
    groups: list[TwinGroup] = []
    grouped = np.zeros(len(contents), bool)
    for kind, least in (("file", 2.0), ("twins", TWINS), ("alike", ALIKE)):
        keep = correlations >= least
        linked = np.concatenate([equal, pairs[keep]])
        weights = np.concatenate([np.ones(len(equal)), correlations[keep]])
        for members, weakest in _connected(linked, weights, len(contents)):
            # Those of a stricter kind have been listed.
            if not grouped[members].all():
                grouped[members] = True
                groups = [group for group in groups if not set(group.members) <= set(members.tolist())]
                groups.append(TwinGroup(members=members.tolist(), kind=kind, correlation=weakest))
    order = {"file": 0, "twins": 1, "alike": 2}
    return sorted(groups, key=lambda group: (order[group.kind], -group.correlation, group.members[0]))


def _equal(contents: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return pairs of equal files, each with the first of its kind: shape (m, 2)."""
    known = np.flatnonzero(contents.any(axis=1))
    _, first, kind = np.unique(contents[known], axis=0, return_index=True, return_inverse=True)
    pairs = np.stack([known[first[kind.ravel()]], known], axis=1)
    found: NDArray[np.int64] = pairs[pairs[:, 0] != pairs[:, 1]]
    return found


def _candidates(near: Nearest, pictures: Pictures) -> NDArray[np.int64]:
    """Return pairs of pictures worth a comparison, each once: shape (m, 2)."""
    n = len(near.places)
    places, cosines = near.places[:, :_COMPARED], near.scores[:, :_COMPARED]
    pairs = np.stack([np.repeat(np.arange(n), places.shape[1]), places.ravel()], axis=1)
    pairs = np.unique(np.sort(pairs[cosines.ravel() >= LEAST_COSINE], axis=1), axis=0)
    pairs = pairs[pictures.comparable[pairs].all(axis=1)]
    side = THUMBNAIL // _CELLS
    cells = pictures.greys.reshape(n, _CELLS, side, _CELLS, side).mean(axis=(2, 4)).reshape(n, -1)
    cells -= cells.mean(axis=1, keepdims=True)
    cells /= np.maximum(np.linalg.norm(cells, axis=1, keepdims=True), 1e-3)
    likely = np.concatenate(
        [
            np.einsum("ij,ij->i", cells[part[:, 0]], cells[part[:, 1]])
            for part in np.array_split(pairs, max(1, len(pairs) // 100_000))
        ]
    )
    found: NDArray[np.int64] = pairs[likely >= _HOPELESS]
    return found


def _correlations(pairs: NDArray[np.int64], greys: NDArray[np.uint8], reporter: Reporter) -> NDArray[np.float64]:
    parts = [pairs[start : start + _AT_ONCE] for start in range(0, len(pairs), _AT_ONCE)]

    def compare(part: NDArray[np.int64]) -> list[float]:
        return [correlation(greys[one], greys[other]) for one, other in part.tolist()]

    values: list[float] = []
    with (
        # Spreading so small a product over cores takes longer than computing it.
        threadpool_limits(1),
        reporter.counting("comparing pictures", total=len(pairs), unit="pairs") as counter,
    ):
        for part in in_threads(compare, parts, threads=usable_cores()):
            values += part
            counter.advance(len(part))
    return np.array(values, np.float64)


def _connected(
    pairs: NDArray[np.int64], weights: NDArray[np.float64], count: int
) -> list[tuple[NDArray[np.int64], float]]:
    """Return the members of each connected group, and the least weight of its links."""
    if not len(pairs):
        return []
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, of = connected_components(graph, directed=False)
    least = np.ones(count)
    np.minimum.at(least, of[pairs[:, 0]], weights)
    members = np.unique(pairs)
    order = members[np.argsort(of[members], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(of[order])) + 1)
    return [(np.sort(group), float(least[of[group[0]]])) for group in groups]
