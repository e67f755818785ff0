"""Exact search: where the pictures of an index that belong with each query rank by similarity, without sorting it.

The place of a picture is the number of pictures that are as similar or more. So the similarities of the pictures that
belong with a query are computed first, and those of all the others are counted against them, tile by tile.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from artbench.data.rankings import Rankings
from artbench.errors import ArtbenchError
from artbench.probe.confidence import Choice, NearestPictures, choose, tried
from artbench.probe.similarities import Pictures, Similarities
from artbench.probe.whitening import Whitening
from artbench.protocol import RETRIEVAL_V1, Search
from artbench.runtime.progress import Reporter

# Fewer pictures that belong with a query are compared with all one by one; more of them with all in order, of which a
# tile has more then.
_FEW = 64
_COLUMNS, _MORE_COLUMNS = 1 << 11, 1 << 14
# Similarities of pictures that belong with some queries in memory at a time: 128 MB.
_BELONGING = 1 << 25


def search(
    index: Pictures,
    queries: Pictures,
    *,
    by: Search,
    device: str,
    validation: Pictures | None = None,
    reporter: Reporter | None = None,
) -> Rankings:
    """Rank the index for each query, which is not compared with itself.

    Args:
        index: Pictures to search.
        queries: Pictures to search with.
        by: How to search.
        device: `cpu`, `cuda` or `mps`, which multiplies.
        validation: Queries to choose the confidence on, if the search has one.
        reporter: Receives what was chosen.

    Raises:
        ArtbenchError: A vector is NaN or infinite, the index has too few pictures for what the search asks, or there
            are no validation queries to choose on.
    """
    if by.confidence is None:
        return _ranked_all(index, queries, None, by=by, device=device)
    if validation is None:
        raise ArtbenchError(
            "the task has no validation queries to choose the confidence on",
            mend=f"Search it by the cosine, as {RETRIEVAL_V1.name} does",
        )
    most = max(by.confidence.neighbours)
    near, near_validation = (NearestPictures(len(part.labels), most, index.labels) for part in (queries, validation))
    found = _ranked_all(index, queries, near, by=by, device=device)
    known = _ranked_all(index, validation, near_validation, by=by, device=device)
    chosen = choose(by.confidence, known, near_validation)
    if reporter is not None:
        reporter.notice(
            f"Confidence of the {chosen.neighbours} nearest at temperature {chosen.temperature:g}, by "
            f"{chosen.precision:.1%} on validation"
        )
    (similarity,) = near.log_odds(chosen.neighbours, [chosen.temperature])
    return replace(found, similarity=similarity)


def choices(index: Pictures, validation: Pictures, *, by: Search, device: str) -> list[Choice]:
    """Return what a confidence could be chosen from, each with its precision on validation queries.

    Args:
        index: Pictures to search.
        validation: Queries to choose on.
        by: How to search, with a confidence.
        device: `cpu`, `cuda` or `mps`.

    Raises:
        ArtbenchError: As `search`.
    """
    assert by.confidence is not None
    near = NearestPictures(len(validation.labels), max(by.confidence.neighbours), index.labels)
    return tried(by.confidence, _ranked_all(index, validation, near, by=by, device=device), near)


def _ranked_all(
    index: Pictures, queries: Pictures, near: NearestPictures | None, *, by: Search, device: str
) -> Rankings:
    whitening = None if by.whitening is None else Whitening.of(index.vectors, components=by.whitening)
    similarities = Similarities(index, queries, whitening=whitening, device=device)
    scaling = None if by.csls is None else _Scaling.of(similarities, k=by.csls)
    blocks = list(_blocks(similarities))
    found = Rankings.joined([_ranked(similarities, block, scaling, near, index.labels) for block in blocks])
    return found.take(np.argsort(np.concatenate(blocks), kind="stable"))


def similar_to(
    index: Pictures, queries: Pictures, asked: NDArray[np.int64], *, by: Search, device: str
) -> Iterator[NDArray[np.float32]]:
    """Yield the similarities, by which `search` ranks, of some queries to all pictures of the index.

    Args:
        index: Pictures to search.
        queries: All pictures to search with, which the similarities of each may depend on.
        asked: Numbers of the queries, int64, shape (n,).
        by: How to search.
        device: `cpu`, `cuda` or `mps`, which multiplies.

    Yields:
        float32, shape (index,); -inf of a query with itself.

    Raises:
        ArtbenchError: A vector is NaN or infinite, or the index has too few pictures for what the search asks.
    """
    whitening = None if by.whitening is None else Whitening.of(index.vectors, components=by.whitening)
    similarities = Similarities(index, queries, whitening=whitening, device=device)
    scaling = None if by.csls is None else _Scaling.of(similarities, k=by.csls)
    step = max(1, _BELONGING // similarities.of)
    for start in range(0, len(asked), step):
        block = asked[start : start + step]
        found = np.empty((len(block), similarities.of), np.float32)
        for tile in similarities.tiles(block, columns=_COLUMNS):
            found[tile.queries, tile.index] = tile.cosines
        yield from found if scaling is None else scaling.scaled(found, block[:, None], slice(None))


def _blocks(similarities: Similarities) -> Iterator[NDArray[np.int64]]:
    """Yield queries that are ranked together: with about as many pictures each that belong with them."""
    belonging = similarities.belonging
    order = np.lexsort((similarities.labels, belonging))
    for part in np.split(order, [int((belonging <= _FEW).sum())]):
        start, sums = 0, np.cumsum(belonging[part])
        while start < len(part):
            before = int(sums[start - 1]) if start else 0
            stop = int(np.searchsorted(sums, before + _BELONGING, side="right"))
            stop = min(max(stop, start + 1), start + similarities.at_once)
            yield part[start:stop]
            start = stop


def _ranked(
    similarities: Similarities,
    queries: NDArray[np.int64],
    scaling: "_Scaling | None",
    near: NearestPictures | None,
    labels: NDArray[np.int64],
) -> Rankings:
    few = int(similarities.belonging[queries].max()) <= _FEW
    columns = _COLUMNS if few else _MORE_COLUMNS
    own = []
    for query, (positions, cosines) in zip(
        queries.tolist(), similarities.of_belonging(queries, columns=columns), strict=True
    ):
        own.append(-np.sort(-(cosines if scaling is None else scaling.scaled(cosines, query, positions))))
    counts = _Few(own) if few else _Many(own)
    nearest = np.full(len(queries), labels[0])
    highest = np.full(len(queries), -np.inf, np.float32)
    for tile in similarities.tiles(queries, columns=columns):
        similar = tile.cosines
        if scaling is not None:
            similar = scaling.scaled(similar, queries[tile.queries, None], tile.index)
        counts.count(tile.queries, similar)
        if near is not None:
            near.keep(queries[tile.queries], similar, tile.index)
        best = similar.argmax(axis=1)
        values = similar[np.arange(len(best)), best]
        more = values > highest[tile.queries]
        highest[tile.queries][more] = values[more]
        nearest[tile.queries][more] = labels[tile.index][best[more]]
    return Rankings.of(counts.places, nearest=nearest, similarity=highest.astype(np.float64))


class _Few:
    """Counts for few pictures of each query: compares one after the other with all, many queries at a time.

    Args:
        own: Similarities of the pictures that belong with each query, descending.
    """

    def __init__(self, own: Sequence[NDArray[np.float32]]) -> None:
        self._lengths = np.array([len(one) for one in own])
        self._own = np.full((len(own), int(self._lengths.max())), np.inf, np.float32)
        for row, one in zip(self._own, own, strict=True):
            row[: len(one)] = one
        self._counts = np.zeros(self._own.shape, np.int64)

    def count(self, queries: slice, similar: NDArray[np.float32]) -> None:
        """Count the pictures of a tile."""
        for number in range(int(self._lengths[queries].max())):
            above = similar >= self._own[queries, number, None]
            self._counts[queries, number] += np.count_nonzero(above, axis=1)

    @property
    def places(self) -> list[NDArray[np.int64]]:
        """Places, ascending, of the pictures that belong with each query."""
        return [row[:length] for row, length in zip(self._counts, self._lengths, strict=True)]


class _Many:
    """Counts for many pictures of each query, as `_Few`: puts a tile in order, query by query."""

    def __init__(self, own: Sequence[NDArray[np.float32]]) -> None:
        self._ascending = [one[::-1] for one in own]
        self._counts = [np.zeros(len(one), np.int64) for one in own]

    def count(self, queries: slice, similar: NDArray[np.float32]) -> None:
        """Count the pictures of a tile."""
        for row, own, counts in zip(similar, self._ascending[queries], self._counts[queries], strict=True):
            counts += len(row) - np.searchsorted(np.sort(row), own, side="left")

    @property
    def places(self) -> list[NDArray[np.int64]]:
        """Places, ascending, of the pictures that belong with each query."""
        return [counts[::-1] for counts in self._counts]


@dataclass(frozen=True)
class _Scaling:
    """Mean cosine of each query to its nearest pictures of the index, and of each of these to its nearest queries."""

    queries: NDArray[np.float32]
    index: NDArray[np.float32]

    @classmethod
    def of(cls, similarities: Similarities, *, k: int) -> "_Scaling":
        # Of each picture one query at most is itself.
        if k >= similarities.of or k >= similarities.count:
            raise ArtbenchError(
                f"there are no {k:,} neighbours among {similarities.of:,} pictures of the index and "
                f"{similarities.count:,} queries",
                mend="Ask for fewer, as in retrieval-v1-csls-2, or search by the cosine",
            )
        queries = np.full((similarities.count, k), -np.inf, np.float32)
        index = np.full((similarities.of, k), -np.inf, np.float32)
        for start in range(0, similarities.count, similarities.at_once):
            block = np.arange(start, min(start + similarities.at_once, similarities.count))
            for tile in similarities.tiles(block, columns=_COLUMNS):
                _keep(queries[start:][tile.queries], tile.cosines)
                _keep(index[tile.index], tile.cosines.T)
        # In order, so that equal ones have equal means.
        return cls(np.sort(queries).mean(axis=1), np.sort(index).mean(axis=1))

    def scaled(
        self, cosines: NDArray[np.float32], queries: int | NDArray[np.int64], index: slice | NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Scale cosines of some queries with some pictures of the index."""
        return 2 * cosines - self.queries[queries] - self.index[index]


def _keep(best: NDArray[np.float32], found: NDArray[np.float32]) -> None:
    """Put the largest of both, row by row, into `best`."""
    best[:] = np.partition(np.concatenate([best, found], axis=1), -best.shape[1], axis=1)[:, -best.shape[1] :]
