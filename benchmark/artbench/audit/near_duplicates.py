"""Pictures that are there twice: as the same bytes, under like hashes, or near in an encoder's features."""

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
# Where pictures may be twins; whether they are, their correlation says.
HASH_BITS = 12
NEIGHBOURS = 3
LEAST_COSINE = 0.5
# From here on a pair counts as twins; from there on it is worth a look. See docs/data.md for how they were chosen.
TWINS = 0.95
ALIKE = 0.90
# Pairs of like hashes beyond which a collection is too uniform for them to tell anything.
_MOST = 5_000_000
_AT_ONCE = 256
# What may be cut from each edge, as shares of the side; the first search takes every other one.
_CUTS = (0.0, 0.02, 0.04, 0.06, 0.08)
# Side of the grid on which two pictures are compared.
_CELLS = 24
# A pair whose first search comes to less than this is not worth the second one.
_HOPELESS = 0.8


@dataclass(frozen=True, kw_only=True, order=True)
class Pair:
    """Two pictures that are alike.

    Attributes:
        first: Dataset and row of one.
        second: Dataset and row of the other.
        tier: How they were found: the first of `bytes`, `hash`, `features` that did.
        correlation: How well they lie on each other (`artbench.audit.near_duplicates`); 1 for equal bytes.
        bits: In how many of 64 bits their hashes differ, where that is how they were found.
        cosine: Of their features, where that is how they were found.
    """

    first: tuple[int, int]
    second: tuple[int, int]
    tier: Tier
    correlation: float
    bits: int | None = None
    cosine: float | None = None

    @property
    def twins(self) -> bool:
        """Whether they count as one picture."""
        return self.correlation >= TWINS


def find_pairs(
    surveys: Sequence[ImageIndex], *, features: Sequence[Mapping[int, NDArray[np.float32]]] | None, reporter: Reporter
) -> list[Pair]:
    """All pairs of like pictures, within a dataset and from one to another, sorted.

    Args:
        surveys: Of the datasets.
        features: Of each dataset, the features of its rows by one encoder; None: that tier is left out.
        reporter: Told how far it is.

    Raises:
        ArtbenchError: So many hashes are alike that they tell nothing.
    """
    places = np.array([(number, row) for number, of in enumerate(surveys) for row in range(len(of.dataset))], np.int64)
    comparable = np.flatnonzero(np.concatenate([of.comparable for of in surveys]))
    found = {
        pair: Pair(first=_at(places, pair[0]), second=_at(places, pair[1]), tier="bytes", correlation=1.0)
        for pair in _same_bytes(surveys)
    }
    hashes = np.concatenate([of.phash for of in surveys])[comparable]
    pairs, bits = near_hashes(hashes, within=HASH_BITS)
    if len(pairs) > _MOST:
        raise ArtbenchError(f"{len(pairs):,} pairs of pictures have like hashes: they are too uniform to be told apart")
    by_hash = dict(zip(map(tuple, comparable[pairs].tolist()), bits.tolist(), strict=True))
    by_features = {} if features is None else _near_by_features(places, comparable, features)
    unsure = sorted((by_hash.keys() | by_features.keys()) - found.keys())
    for pair, value in zip(unsure, _correlations(unsure, places, surveys, reporter), strict=True):
        if value >= ALIKE:
            found[pair] = Pair(
                first=_at(places, pair[0]),
                second=_at(places, pair[1]),
                tier="hash" if pair in by_hash else "features",
                correlation=value,
                bits=by_hash.get(pair),
                cosine=by_features.get(pair),
            )
    return [found[pair] for pair in sorted(found)]


def _at(places: NDArray[np.int64], index: int) -> tuple[int, int]:
    number, row = places[index].tolist()
    return number, row


def _same_bytes(surveys: Sequence[ImageIndex]) -> set[tuple[int, int]]:
    """All pairs of equal files; of very many equal ones, each with the first."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for index, digest in enumerate(digest for of in surveys for digest in of.digests):
        if digest:
            groups[digest].append(index)
    pairs: set[tuple[int, int]] = set()
    for members in groups.values():
        few = len(members) <= _AT_ONCE
        pairs.update(combinations(members, 2) if few else ((members[0], other) for other in members[1:]))
    return pairs


def _near_by_features(
    places: NDArray[np.int64], comparable: NDArray[np.int64], features: Sequence[Mapping[int, NDArray[np.float32]]]
) -> dict[tuple[int, int], float]:
    there = [index for index in comparable.tolist() if int(places[index, 1]) in features[int(places[index, 0])]]
    if len(there) < 2:
        return {}
    matrix = np.stack([features[int(places[index, 0])][int(places[index, 1])] for index in there])
    pairs, cosines = near_features(matrix, neighbours=NEIGHBOURS, at_least=LEAST_COSINE)
    indices = np.array(there, np.int64)[pairs]
    return dict(zip(map(tuple, indices.tolist()), cosines.tolist(), strict=True))


def _correlations(
    pairs: Sequence[tuple[int, int]], places: NDArray[np.int64], surveys: Sequence[ImageIndex], reporter: Reporter
) -> list[float]:
    """How well the pictures of each pair lie on each other."""
    parts = [pairs[start : start + _AT_ONCE] for start in range(0, len(pairs), _AT_ONCE)]

    def compare(part: Sequence[tuple[int, int]]) -> list[float]:
        greys: dict[int, NDArray[np.uint8]] = {}
        members = np.unique(np.array(part, np.int64))
        for number, of in enumerate(surveys):
            mine = members[places[members, 0] == number]
            greys.update(zip(mine.tolist(), of.thumbnails(places[mine, 1]), strict=True))
        return [correlation(greys[one], greys[other]) for one, other in part]

    values: list[float] = []
    with (
        # These products are so small that spreading one over cores costs twenty times what it takes.
        threadpool_limits(1),
        reporter.counting("comparing", total=len(pairs), unit="pairs") as counter,
        closing(in_threads(compare, parts, threads=usable_cores())) as results,
    ):
        for part in results:
            values += part
            counter.advance(len(part))
    return values


def correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """How well two thumbnails agree, if a part of one is laid on the whole of the other in the best way.

    Up to 8 % may be missing at each edge of either. Brightness, contrast and a tint don't matter: it is Pearson's
    correlation of the greys of 24 x 24 cells.

    Args:
        one: Shape (THUMBNAIL, THUMBNAIL).
        other: Likewise.

    Returns:
        At most 1.
    """
    first, second = one.astype(np.float32), other.astype(np.float32)
    return max(_as_part(first, second), _as_part(second, first))


def _as_part(whole: NDArray[np.float32], cut: NDArray[np.float32]) -> float:
    """The best correlation of all of `whole` with some window of `cut`."""
    windows = _windows()
    target = _normed(np.asarray(windows[0, 0] @ whole @ windows[0, 0].T, np.float32).reshape(1, -1))[0]
    steps = np.arange(0, len(_CUTS), 2)
    best, place = _search(cut, target, steps, steps, steps, steps)
    if best < _HOPELESS:
        return best
    around = [np.unique(np.clip([at - 1, at, at + 1], 0, len(_CUTS) - 1)) for at in place]
    return max(best, _search(cut, target, *around)[0])


def _search(
    cut: NDArray[np.float32],
    target: NDArray[np.float32],
    tops: NDArray[np.int64],
    bottoms: NDArray[np.int64],
    lefts: NDArray[np.int64],
    rights: NDArray[np.int64],
) -> tuple[float, tuple[int, int, int, int]]:
    """The best window among all combinations of these cuts, by their number in `_CUTS`, and where it is."""
    windows = _windows()
    vertical = windows[np.ix_(tops, bottoms)].reshape(-1, THUMBNAIL)
    horizontal = windows[np.ix_(lefts, rights)].reshape(-1, THUMBNAIL)
    cells = vertical @ cut @ horizontal.T
    counts = len(vertical) // _CELLS, len(horizontal) // _CELLS
    cells = cells.reshape(counts[0], _CELLS, counts[1], _CELLS).transpose(0, 2, 1, 3).reshape(-1, _CELLS * _CELLS)
    values = _normed(cells) @ target
    at = int(values.argmax())
    top, bottom, left, right = np.unravel_index(at, (len(tops), len(bottoms), len(lefts), len(rights)))
    return float(values[at]), (int(tops[top]), int(bottoms[bottom]), int(lefts[left]), int(rights[right]))


def _normed(cells: NDArray[Any]) -> NDArray[np.float32]:
    """Centred rows of length 1."""
    centred = cells - cells.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    return np.asarray(centred / np.maximum(lengths, 1e-3), np.float32)


@cache
def _windows() -> NDArray[np.float32]:
    """For each cut at the start and at the end of a side, what averages the rest into cells.

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
