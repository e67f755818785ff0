"""Near-duplicate images, found by equal bytes, similar hashes or similar features, and confirmed by correlation."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from artbench.audit.image_index import THUMBNAIL, ImageIndex
from artbench.audit.similarity_search import near_features, near_hashes
from artbench.errors import ArtbenchError
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads, usable_cores

Tier: TypeAlias = Literal["bytes", "hash", "features"]
# Dataset and row of an image.
Place: TypeAlias = tuple[int, int]
# Candidates for twins; their correlation decides.
HASH_BITS = 12
NEIGHBOURS = 3
LEAST_COSINE = 0.5
# Correlation from which a pair counts as twins, and from which it is shown. docs/data.md says how they were chosen.
TWINS = 0.95
ALIKE = 0.90
# With more pairs of similar hashes than this, a collection is too uniform to be compared by hash.
_MOST = 5_000_000
_AT_ONCE = 256
# What may be cut from each edge, as shares of the side; the first search takes every other one.
_CUTS = (0.0, 0.02, 0.04, 0.06, 0.08)
# Side of the grid on which two images are compared.
_CELLS = 24
# A pair whose coarse search gives less than this is not searched finely.
_HOPELESS = 0.8


@dataclass(frozen=True, kw_only=True, order=True)
class Pair:
    """Two images that are alike.

    Attributes:
        first: Dataset and row of one.
        second: Dataset and row of the other.
        tier: The first search that found them.
        correlation: Correlation of their thumbnails (`correlation`); 1 for equal bytes.
        bits: Bits of 64 in which their hashes differ; None if they were not found by hash.
        cosine: Cosine of their features; None if they were not found by features.
    """

    first: Place
    second: Place
    tier: Tier
    correlation: float
    bits: int | None = None
    cosine: float | None = None

    @property
    def twins(self) -> bool:
        """Whether they count as one image."""
        return self.correlation >= TWINS


def find_pairs(
    indexes: Sequence[ImageIndex], *, features: Sequence[Mapping[int, NDArray[np.float32]]] | None, reporter: Reporter
) -> list[Pair]:
    """Find all pairs of like images, within a dataset and between datasets, sorted.

    Args:
        indexes: The index of each dataset.
        features: Features of each dataset's images by row, from one encoder; None: features are not compared.
        reporter: Receives progress.

    Raises:
        ArtbenchError: Too many hashes are similar.
    """
    places = [(number, row) for number, index in enumerate(indexes) for row in range(len(index.dataset))]
    comparable = np.flatnonzero(np.concatenate([index.comparable for index in indexes]))
    found = {
        (one, other): Pair(first=places[one], second=places[other], tier="bytes", correlation=1.0)
        for one, other in _same_bytes(indexes)
    }
    hashes = np.concatenate([index.phash for index in indexes])[comparable]
    pairs, bits = near_hashes(hashes, within=HASH_BITS)
    if len(pairs) > _MOST:
        raise ArtbenchError(f"{len(pairs):,} pairs of images have similar hashes: they are too uniform to be compared")
    by_hash = dict(zip(map(tuple, comparable[pairs].tolist()), bits.tolist(), strict=True))
    by_features = {} if features is None else _near_by_features(places, comparable, features)
    unsure = sorted((by_hash.keys() | by_features.keys()) - found.keys())
    for pair, value in zip(unsure, _correlations(unsure, places, indexes, reporter), strict=True):
        if value >= ALIKE:
            found[pair] = Pair(
                first=places[pair[0]],
                second=places[pair[1]],
                tier="hash" if pair in by_hash else "features",
                correlation=value,
                bits=by_hash.get(pair),
                cosine=by_features.get(pair),
            )
    return [found[pair] for pair in sorted(found)]


def _same_bytes(indexes: Sequence[ImageIndex]) -> set[tuple[int, int]]:
    """Find all pairs of equal files; of more than `_AT_ONCE` equal ones, each with the first."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for index, digest in enumerate(digest for image_index in indexes for digest in image_index.digests):
        if digest:
            groups[digest].append(index)
    pairs: set[tuple[int, int]] = set()
    for members in groups.values():
        few = len(members) <= _AT_ONCE
        pairs.update(combinations(members, 2) if few else ((members[0], other) for other in members[1:]))
    return pairs


def _near_by_features(
    places: Sequence[Place], comparable: NDArray[np.int64], features: Sequence[Mapping[int, NDArray[np.float32]]]
) -> dict[tuple[int, int], float]:
    there = [index for index in comparable.tolist() if places[index][1] in features[places[index][0]]]
    if len(there) < 2:
        return {}
    matrix = np.stack([features[number][row] for number, row in (places[index] for index in there)])
    pairs, cosines = near_features(matrix, neighbours=NEIGHBOURS, at_least=LEAST_COSINE)
    indices = np.array(there, np.int64)[pairs]
    return dict(zip(map(tuple, indices.tolist()), cosines.tolist(), strict=True))


def _correlations(
    pairs: Sequence[tuple[int, int]], places: Sequence[Place], indexes: Sequence[ImageIndex], reporter: Reporter
) -> list[float]:
    parts = [pairs[start : start + _AT_ONCE] for start in range(0, len(pairs), _AT_ONCE)]

    def compare(part: Sequence[tuple[int, int]]) -> list[float]:
        greys: dict[int, NDArray[np.uint8]] = {}
        members = sorted({member for pair in part for member in pair})
        for number, index in enumerate(indexes):
            mine = [member for member in members if places[member][0] == number]
            rows = np.array([places[member][1] for member in mine], np.int64)
            greys.update(zip(mine, index.thumbnails(rows), strict=True))
        return [correlation(greys[one], greys[other]) for one, other in part]

    values: list[float] = []
    with (
        # Spreading so small a product over cores takes twenty times as long as computing it.
        threadpool_limits(1),
        reporter.counting("comparing", total=len(pairs), unit="pairs") as counter,
        closing(in_threads(compare, parts, threads=usable_cores())) as results,
    ):
        for part in results:
            values += part
            counter.advance(len(part))
    return values


def correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Correlate two thumbnails under the best crop of one of them.

    Either may lack up to 8 % at each edge. The value is Pearson's correlation of the greys of 24 x 24 cells, at most
    1; brightness, contrast and tint don't change it.

    Args:
        one: uint8, shape (THUMBNAIL, THUMBNAIL).
        other: uint8, shape (THUMBNAIL, THUMBNAIL).
    """
    first, second = one.astype(np.float32), other.astype(np.float32)
    return max(_as_part(first, second), _as_part(second, first))


def _as_part(whole: NDArray[np.float32], cut: NDArray[np.float32]) -> float:
    """Return the best correlation of all of `whole` with some window of `cut`."""
    uncut = _windows()[0, 0]
    target = _normed((uncut @ whole @ uncut.T).reshape(1, -1))[0]
    best, place = _search(cut, target, *[np.arange(0, len(_CUTS), 2)] * 4)
    if best < _HOPELESS:
        return best
    around = [np.unique(np.clip([at - 1, at, at + 1], 0, len(_CUTS) - 1)) for at in place]
    return max(best, _search(cut, target, *around)[0])


def _search(
    cut: NDArray[np.float32], target: NDArray[np.float32], *cuts: NDArray[np.int64]
) -> tuple[float, tuple[int, ...]]:
    """Return the best correlation over all combinations of cuts, and its cuts, as indices in `_CUTS`."""
    tops, bottoms, lefts, rights = cuts
    vertical = _windows()[np.ix_(tops, bottoms)].reshape(-1, THUMBNAIL)
    horizontal = _windows()[np.ix_(lefts, rights)].reshape(-1, THUMBNAIL)
    cells = (vertical @ cut @ horizontal.T).reshape(-1, _CELLS, len(horizontal) // _CELLS, _CELLS)
    values = _normed(cells.transpose(0, 2, 1, 3).reshape(-1, _CELLS * _CELLS)) @ target
    best = int(values.argmax())
    places = np.unravel_index(best, [len(cut) for cut in cuts])
    return float(values[best]), tuple(int(cut[place]) for cut, place in zip(cuts, places, strict=True))


def _normed(cells: NDArray[Any]) -> NDArray[np.float32]:
    """Centre rows and scale them to length 1."""
    centred = cells - cells.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    return np.asarray(centred / np.maximum(lengths, 1e-3), np.float32)


@cache
def _windows() -> NDArray[np.float32]:
    """Return matrices that average a side into cells after cutting its start and its end.

    Shape (len(_CUTS), len(_CUTS), _CELLS, THUMBNAIL).
    """
    pixels = np.arange(THUMBNAIL)
    found = np.empty((len(_CUTS), len(_CUTS), _CELLS, THUMBNAIL), np.float32)
    for i, start in enumerate(_CUTS):
        for j, end in enumerate(_CUTS):
            edges = np.linspace(start * THUMBNAIL, (1 - end) * THUMBNAIL, _CELLS + 1)[:, None]
            overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
            found[i, j] = np.clip(overlap, 0, None) / (edges[1] - edges[0])
    return found
