"""Cosines of queries and the pictures of an index, tile by tile, so that none of the three need fit into memory."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.rankings import NOTHING
from artbench.errors import ArtbenchError
from artbench.probe.features import Rows, check_lengths
from artbench.probe.whitening import Whitening

# Cosines of a tile: 4 MB, which stay in a processor's cache until they are counted.
_TILE = 1 << 20
# Numbers of queries in memory at a time: 256 MB. The index is read once for so many.
_NUMBERS = 1 << 26


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Pictures of an index, or queries.

    Attributes:
        vectors: Their features.
        labels: Which belong together, int64, shape (n,); -1 for one that belongs with no other.
        rows: Their rows of the dataset, by which a query is known in the index, int64, shape (n,).
    """

    vectors: Rows
    labels: NDArray[np.int64]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Tile:
    """Cosines of some queries and some pictures of the index.

    Attributes:
        queries: Which of the queries that were asked for.
        index: Which of the pictures of the index.
        cosines: float32, shape (queries, index); -inf of a query with itself.
    """

    queries: slice
    index: slice
    cosines: NDArray[np.float32]


class Similarities:
    """Cosines of queries and index.

    Args:
        index: Pictures to search.
        queries: Pictures to search with.
        whitening: A projection of both.
        device: `cpu`, `cuda` or `mps`, which multiplies.

    Attributes:
        count: Number of queries.
        of: Number of pictures of the index.
        labels: Labels of the queries.
        belonging: Number of pictures of the index that belong with each query, itself perhaps among them, int64, shape
            (count,).

    Raises:
        ArtbenchError: There are no queries, or no index.
    """

    def __init__(self, index: Pictures, queries: Pictures, *, whitening: Whitening | None, device: str) -> None:
        self._index, self._queries, self._device = index.vectors, queries.vectors, device
        self.count, self.of = len(queries.labels), len(index.labels)
        if not self.count or not self.of:
            raise ArtbenchError("there are no queries, or no index to search", mend="Check the task's splits")
        if whitening is not None:
            self._index, self._queries = whitening.apply(self._index), whitening.apply(self._queries)
        # Rows of the index of each query, which it is not compared with.
        self._order = np.argsort(index.rows, kind="stable")
        self._same = [
            np.searchsorted(index.rows[self._order], queries.rows, side=side).astype(np.int64)
            for side in ("left", "right")
        ]
        self.labels, self._members = queries.labels, _members(index.labels)
        self.belonging = np.array([len(self._members.get(label, _NONE)) for label in self.labels.tolist()], np.int64)

    @property
    def at_once(self) -> int:
        """Number of queries that are held in memory at a time."""
        return max(1, _NUMBERS // self._queries.width)

    def tiles(self, queries: NDArray[np.int64], *, columns: int) -> Iterator[Tile]:
        """Yield the cosines of some queries, `at_once` at most, with all of the index, which is read once.

        Args:
            queries: Their numbers, int64, shape (n,).
            columns: Pictures of the index in a tile.

        Raises:
            ArtbenchError: A vector is NaN or infinite.
        """
        rows = max(1, _TILE // columns)
        parts = [
            (part, self._on_device(_unit(self._queries, queries[part]), rows)) for part in _parts(len(queries), rows)
        ]
        who, where = self._itself(queries)
        start = 0
        for piece in self._index.pieces(columns):
            stop = start + len(piece)
            other = self._on_device(piece * _inverse(piece)[:, None], columns)
            own = slice(*np.searchsorted(where, [start, stop]))
            for part, vectors in parts:
                cosines = self._product(vectors, other)[: part.stop - part.start, : len(piece)]
                here = (who[own] >= part.start) & (who[own] < part.stop)
                cosines[who[own][here] - part.start, where[own][here] - start] = -np.inf
                yield Tile(part, slice(start, stop), cosines)
            start = stop

    def of_belonging(
        self, queries: NDArray[np.int64], *, columns: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Yield the pictures of the index that belong with each query, but itself, and the cosines that a tile has.

        Args:
            queries: Their numbers, int64, shape (n,).
            columns: Pictures of the index in a tile.

        Yields:
            Positions of the index, and cosines, float32, of the same shape.
        """
        rows = max(1, _TILE // columns)
        for part in _parts(len(queries), rows):
            labels = self.labels[queries[part]].tolist()
            of = {label: self._members.get(label, _NONE) for label in dict.fromkeys(labels)}
            positions = np.concatenate(list(of.values()))
            ends = dict(zip(of, np.cumsum([len(members) for members in of.values()]).tolist(), strict=True))
            vectors = self._on_device(_unit(self._queries, queries[part]), rows)
            found = np.empty((len(labels), len(positions)), np.float32)
            for piece in _parts(len(positions), columns):
                other = self._on_device(_unit(self._index, positions[piece]), columns)
                found[:, piece] = self._product(vectors, other)[: len(labels), : piece.stop - piece.start]
            for row, query, label in zip(found, queries[part].tolist(), labels, strict=True):
                low, high = (int(side[query]) for side in self._same)
                members = of[label]
                others = ~np.isin(members, self._order[low:high])
                yield members[others], row[ends[label] - len(members) : ends[label]][others]

    def _itself(self, queries: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which queries are in the index and where, by the place in the index."""
        low, high = (side[queries] for side in self._same)
        counts = high - low
        who = np.repeat(np.arange(len(queries)), counts)
        where = self._order[np.arange(len(who)) + np.repeat(low - np.cumsum(counts) + counts, counts)]
        order = np.argsort(where, kind="stable")
        return who[order], where[order]

    def _on_device(self, vectors: NDArray[np.float32], count: int) -> torch.Tensor:
        """Return vectors, and zeros behind them: products of one shape add up in one order, wherever a picture stands.

        So pictures that are equal have cosines that are.
        """
        padded = torch.zeros((count, vectors.shape[1]))
        padded[: len(vectors)] = torch.from_numpy(vectors)
        return padded.to(self._device)

    def _product(self, queries: torch.Tensor, index: torch.Tensor) -> NDArray[np.float32]:
        found: NDArray[np.float32] = (queries @ index.T).cpu().numpy()
        return found


_NONE = np.zeros(0, np.int64)


def _members(labels: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """Return the positions of each label, without those that belong with no other."""
    order = np.argsort(labels, kind="stable")
    found, starts = np.unique(labels[order], return_index=True)
    parts = zip(found.tolist(), np.split(order, starts[1:]), strict=True)
    return {label: positions for label, positions in parts if label != NOTHING}


def _parts(count: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def _unit(vectors: Rows, positions: NDArray[np.int64]) -> NDArray[np.float32]:
    (found,) = vectors.select(positions).pieces(len(positions))
    return found * _inverse(found)[:, None]


def _inverse(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what scales each vector to length 1, float32, shape (n,).

    Raises:
        ArtbenchError: A vector is NaN or infinite.
    """
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.isfinite(lengths).all():
        # Squares overflow before vectors do.
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    check_lengths(lengths)
    scales: NDArray[np.float32] = (1 / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scales
