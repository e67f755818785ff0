"""Exact search: the pictures of an index in order of similarity to each query, block by block.

All similarities of a block of queries are in memory at a time, since their order is needed to its end: where the last
picture ranks that belongs with a query counts too. Neither queries nor index need fit into memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.rankings import NOTHING, Rankings
from artbench.errors import ArtbenchError
from artbench.probe.features import Rows
from artbench.probe.whitening import Whitening
from artbench.protocol import Search

# Similarities in memory at a time: 400 MB. The index is read once for so many.
_SIMILARITIES = 10**8
# Numbers of the index that are read at a time.
_NUMBERS = 1 << 22
# Fewer pictures that belong with a query are compared with all one by one; more of them with all in order.
_FEW = 128


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


def search(index: Pictures, queries: Pictures, *, by: Search, device: str) -> Rankings:
    """Rank the index for each query, which is not compared with itself.

    Args:
        index: Pictures to search.
        queries: Pictures to search with.
        by: How to search.
        device: `cpu`, `cuda` or `mps`, which multiplies.

    Raises:
        ArtbenchError: A vector is NaN or infinite, or the index has too few pictures for what the search asks.
    """
    whitening = None if by.whitening is None else Whitening.of(index.vectors, components=by.whitening)
    similarities = _Similarities(index, queries, whitening=whitening, device=device)
    scaling = None if by.csls is None else _Scaling.of(similarities, k=by.csls)
    members = _members(index.labels)
    places: list[NDArray[np.integer]] = []
    nearest, highest = np.empty(len(queries.labels), np.int64), np.empty(len(queries.labels), np.float64)
    for start, block in similarities.blocks():
        if scaling is not None:
            scaling.apply(start, block)
        for at, similar in enumerate(block, start):
            best = int(similar.argmax())
            nearest[at], highest[at] = index.labels[best], similar[best]
            places.append(_places(similar, members.get(int(queries.labels[at]), _NONE)))
    return Rankings.of(places, nearest=nearest, similarity=highest)


_NONE = np.zeros(0, np.int64)


def _members(labels: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """Return the positions of each label, without those that belong with no other."""
    order = np.argsort(labels, kind="stable")
    found, starts = np.unique(labels[order], return_index=True)
    parts = zip(found.tolist(), np.split(order, starts[1:]), strict=True)
    return {label: positions for label, positions in parts if label != NOTHING}


def _places(similar: NDArray[np.float32], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places, ascending, of some positions among similarities; -inf stands for what is not compared."""
    own = similar[positions]
    own = -np.sort(-own[own > -np.inf])
    if len(own) <= _FEW:
        return np.array([np.count_nonzero(similar >= value) for value in own], np.int64)
    return len(similar) - np.searchsorted(np.sort(similar), own, side="left")


class _Similarities:
    """Cosines of queries and index, in blocks of queries."""

    def __init__(self, index: Pictures, queries: Pictures, *, whitening: Whitening | None, device: str) -> None:
        self._index, self._queries, self._whitening, self._device = index, queries, whitening, device
        self.count, self.of = len(queries.labels), len(index.labels)
        if not self.count or not self.of:
            raise ArtbenchError("there are no queries, or no index to search", mend="Check the task's splits")
        # Rows of the index of each query, which it is not compared with.
        order = np.argsort(index.rows, kind="stable")
        low, high = (np.searchsorted(index.rows[order], queries.rows, side=side) for side in ("left", "right"))
        self._same = [order[first:last] for first, last in zip(low.tolist(), high.tolist(), strict=True)]

    def blocks(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Yield the first query of a block and its cosines, float32, shape (queries, index); -inf with itself.

        Raises:
            ArtbenchError: A vector is NaN or infinite.
        """
        step = max(1, _SIMILARITIES // self.of)
        buffer = np.empty((min(step, self.count), self.of), np.float32)
        start = 0
        for given in self._queries.vectors.pieces(step):
            queries, block = self._normalised(given), buffer[: len(given)]
            at = 0
            for piece in self._index.vectors.pieces(max(1, _NUMBERS // self._index.vectors.width)):
                part = slice(at, at := at + len(piece))
                block[:, part] = (queries @ self._normalised(piece).T).cpu().numpy()
            for number in range(len(given)):
                block[number, self._same[start + number]] = -np.inf
            yield start, block
            start += len(given)

    def _normalised(self, piece: NDArray[np.float32]) -> torch.Tensor:
        vectors = torch.from_numpy(np.array(piece, np.float32)).to(self._device)
        if not bool(vectors.isfinite().all()):
            raise ArtbenchError(
                "the features of an image hold NaN or infinity",
                mend="The network overflows on it or its weights are damaged: extract anew with --fresh",
            )
        vectors = torch.nn.functional.normalize(vectors, dim=1)
        if self._whitening is not None:
            vectors = torch.nn.functional.normalize(self._whitening.apply(vectors), dim=1)
        return vectors


@dataclass(frozen=True)
class _Scaling:
    """Mean cosine of each query to its nearest pictures of the index, and of each of these to its nearest queries."""

    queries: NDArray[np.float32]
    index: NDArray[np.float32]

    @classmethod
    def of(cls, similarities: _Similarities, *, k: int) -> "_Scaling":
        # Of each picture one query at most is itself.
        if k >= similarities.of or k >= similarities.count:
            raise ArtbenchError(
                f"there are no {k:,} neighbours among {similarities.of:,} pictures of the index and "
                f"{similarities.count:,} queries",
                mend="Ask for fewer, as in retrieval-v1-csls-2, or search by the cosine",
            )
        queries = np.empty(similarities.count, np.float32)
        best = np.full((k, similarities.of), -np.inf, np.float32)
        for start, block in similarities.blocks():
            queries[start : start + len(block)] = np.partition(block, -k, axis=1)[:, -k:].mean(axis=1)
            best = np.partition(np.concatenate([best, block]), -k, axis=0)[-k:]
        return cls(queries, best.mean(axis=0))

    def apply(self, start: int, block: NDArray[np.float32]) -> None:
        """Scale the similarities of a block of queries in place."""
        block *= 2
        block -= self.queries[start : start + len(block), None]
        block -= self.index
