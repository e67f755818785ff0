"""Compares the neighbours that a record counts with those that features extracted here have.

Two machines compute similarities that differ a little, so that pictures which are about as similar may take each
other's place among the nearest. What is on record has to lie between the least and the most that they can make of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.data.cells import designs, members_of
from artbench.data.neighbourhoods import SHARED, Neighbourhoods
from artbench.probe.neighbourhoods import neighbourhoods
from artbench.probe.zero_shot import unit
from artbench.verify.rankings import TOLERANCE, wide_of_cosines

# What sums of other machines differ by, as a share of them.
_ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class ComparedNeighbourhoods:
    """How stored neighbours differ from those here.

    Attributes:
        pictures: Number of pictures.
        differing: Number of those whose neighbours can't be had within the tolerance.
        largest: The largest difference of a count, as a share of a picture's neighbours.
    """

    pictures: int
    differing: int
    largest: float


def compare_neighbourhoods(
    stored: Neighbourhoods,
    vectors: NDArray[np.float32],
    classes: NDArray[np.int64],
    origins: NDArray[np.int64],
    *,
    dtype: str,
) -> ComparedNeighbourhoods:
    """Compare the neighbours of all pictures of a test.

    Args:
        stored: Neighbours on record, of n pictures.
        vectors: Their features, float32, shape (n, d).
        classes: Class of each picture, int64, shape (n,).
        origins: Its origin, likewise.
        dtype: Coarsest type that either side computed in.

    Raises:
        ArtbenchError: A vector is NaN or infinite, or too few pictures could be read.
    """
    here = neighbourhoods(vectors, classes, origins)
    low, high = _bounds(vectors, classes, origins, share=TOLERANCE[dtype])
    same = np.ones(len(classes), bool)
    for given, least, most in ((stored.counts, low.counts, high.counts), (stored.added, low.added, high.added)):
        slack = _ROUNDING * np.maximum(1, np.maximum(np.abs(least), np.abs(most)))
        same &= ((least - slack <= given) & (given <= most + slack)).all(axis=1)
    whole = np.maximum(here.counts.sum(axis=1, keepdims=True), 1)
    return ComparedNeighbourhoods(
        pictures=len(classes),
        differing=int((~same).sum()),
        largest=float((np.abs(stored.counts - here.counts) / whole).max(initial=0)),
    )


def _bounds(
    vectors: NDArray[np.float32], classes: NDArray[np.int64], origins: NDArray[np.int64], *, share: float
) -> tuple[Neighbourhoods, Neighbourhoods]:
    """Return the least and the most of each number, as `probe.neighbourhoods` counts them."""
    members, directions = members_of(classes, origins), unit(vectors)
    counts, both = np.zeros((2, len(classes), len(SHARED))), np.zeros((2, len(classes), 2))
    for design in designs(list(members)):
        cells = [members[cell] for cell in design.cells]
        rows, k = np.concatenate(cells), min(map(len, cells))
        similar = directions[rows] @ directions[rows].T
        wide = wide_of_cosines(similar, share)
        low, high = similar - wide, similar + wide
        for one in (low, high):
            np.fill_diagonal(one, -np.inf)
        surely = low > _nth(high, k + 1)
        perhaps = (high >= _nth(low, k)) & ~surely
        following = (high >= _nth(low, k + 1)) & ~surely
        same, near = (of[rows][:, None] == of[rows] for of in (classes, origins))
        kinds = (same & near, same & ~near, ~same & near, ~same & ~near)
        found = _counted(surely, perhaps, kinds, k)
        counts[:, rows] += found
        both[:, rows] += found[:, :, 1:3]
        for column, kind in enumerate(kinds[1:3]):
            both[:, rows, column] += _as_neighbour(surely, perhaps, following, kind)
    return (
        Neighbourhoods(counts=counts[0], added=_spread(both, counts, list(members.values()), least=True)),
        Neighbourhoods(counts=counts[1], added=_spread(both, counts, list(members.values()), least=False)),
    )


def _nth(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return the n-th largest of each row, shape (m, 1)."""
    found: NDArray[np.float64] = -np.partition(-values, n - 1, axis=1)[:, n - 1 : n]
    return found


def _counted(
    surely: NDArray[np.bool_], perhaps: NDArray[np.bool_], kinds: Sequence[NDArray[np.bool_]], k: int
) -> NDArray[np.float64]:
    """Return the least and the most neighbours of each kind, shape (2, m, kinds)."""
    sure, open_ = (np.stack([(part & kind).sum(axis=1) for kind in kinds], axis=1) for part in (surely, perhaps))
    free = k - surely.sum(axis=1, keepdims=True)
    others = open_.sum(axis=1, keepdims=True) - open_
    return np.stack([sure + np.maximum(0, free - others), sure + np.minimum(open_, free)]).astype(np.float64)


def _as_neighbour(
    surely: NDArray[np.bool_], perhaps: NDArray[np.bool_], following: NDArray[np.bool_], kind: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the least and the most that each picture adds as a neighbour of others, shape (2, m).

    Without it the next picture takes its place.
    """
    least = kind.astype(np.float64) - (following & kind).any(axis=1, keepdims=True)
    most = kind.astype(np.float64) - ~(following & ~kind).any(axis=1, keepdims=True)
    return np.stack(
        [
            np.where(surely, least, np.where(perhaps, np.minimum(least, 0), 0)).sum(axis=0),
            np.where(surely, most, np.where(perhaps, np.maximum(most, 0), 0)).sum(axis=0),
        ]
    )


def _spread(
    both: NDArray[np.float64], counts: NDArray[np.float64], cells: Sequence[NDArray[np.int64]], *, least: bool
) -> NDArray[np.float64]:
    """Return the least, or the most, of what pictures add, spread about its mean in each cell."""
    own, other = (0, 1) if least else (1, 0)
    added = np.empty(both.shape[1:])
    for rows in cells:
        about = both[own][rows] - both[other][rows].mean(axis=0)
        added[rows] = about * np.sqrt(len(rows) / max(len(rows) - 1, 1))
    found: NDArray[np.float64] = added + counts[own][:, 1:3].mean(axis=0)
    return found
