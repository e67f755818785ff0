"""What a search of an index answers to queries: where the pictures that belong with a query rank."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Places that are kept of each query. A style has thousands of pictures that belong together, and their places would
# take a gigabyte; recall up to here, and what the values of a query are made of up to here, can be computed again.
KEPT = 100
# What stands for a picture that belongs with no other.
NOTHING = -1


@dataclass(frozen=True, kw_only=True)
class Rankings:
    """Where the pictures of an index that belong with each of n queries rank by similarity, the most similar first.

    Pictures of equal similarity share the last of their places, so that neither the order of the index nor an encoder
    to which all pictures are alike matters.

    Attributes:
        places: Places, from 1, of the first `KEPT` pictures at most that belong with a query, ascending, and 0 behind
            the last of them; int32, shape (n, k).
        belonging: Number of pictures of the index that belong with each query, int64, shape (n,); 0 for a distractor.
        nearest: Label of the most similar picture, int64, shape (n,); -1 of one that belongs with no other.
        similarity: Its similarity, or how sure it is (`Search.confidence`), float64, shape (n,).
        average_precision: Mean, over the pictures that belong with a query, of the precision at their places, float64,
            shape (n,); NaN for a distractor.
        precision_to_r: The same sum up to the place R, over R, the number of pictures that belong with it, likewise.

    Examples:
        >>> import numpy as np
        >>> from artbench.data.rankings import Rankings
        >>> one = Rankings.of([np.array([1, 4])], nearest=np.array([7]), similarity=np.array([0.9]))
        >>> one.average_precision.tolist(), one.precision_to_r.tolist()
        ([0.75], [0.5])
    """

    places: NDArray[np.int32]
    belonging: NDArray[np.int64]
    nearest: NDArray[np.int64]
    similarity: NDArray[np.float64]
    average_precision: NDArray[np.float64]
    precision_to_r: NDArray[np.float64]

    @classmethod
    def of(
        cls, places: Sequence[NDArray[np.integer]], *, nearest: NDArray[np.int64], similarity: NDArray[np.float64]
    ) -> "Rankings":
        """Reduce the places, ascending, of all pictures that belong with each query."""
        kept = np.zeros((len(places), min(KEPT, max(map(len, places), default=0))), np.int32)
        values = np.full((2, len(places)), np.nan)
        for query, found in enumerate(places):
            kept[query, : min(KEPT, len(found))] = found[:KEPT]
            if len(found):
                values[:, query] = precisions(found, len(found))
        return cls(
            places=kept,
            belonging=np.array([len(found) for found in places], np.int64),
            nearest=nearest,
            similarity=similarity,
            average_precision=values[0],
            precision_to_r=values[1],
        )

    @classmethod
    def joined(cls, parts: Sequence["Rankings"]) -> "Rankings":
        """Return the queries of all parts, one part after the other."""
        width = max(part.places.shape[1] for part in parts)
        every = [np.pad(part.places, ((0, 0), (0, width - part.places.shape[1]))) for part in parts]
        return cls(
            places=np.concatenate(every),
            belonging=np.concatenate([part.belonging for part in parts]),
            nearest=np.concatenate([part.nearest for part in parts]),
            similarity=np.concatenate([part.similarity for part in parts]),
            average_precision=np.concatenate([part.average_precision for part in parts]),
            precision_to_r=np.concatenate([part.precision_to_r for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.belonging)

    @property
    def first(self) -> NDArray[np.int64]:
        """Place of the first picture that belongs with each query, int64, shape (n,); 0 for a distractor."""
        return self.places[:, 0].astype(np.int64) if self.places.shape[1] else np.zeros(len(self), np.int64)

    @property
    def pooled_precision(self) -> float:
        """Average precision of the first pictures of all queries, ranked together by their similarity.

        Divided by the number of queries that are no distractors; of equal similarity, the last one's place and hits
        count for all. NaN if all are distractors.
        """
        counting = int((self.belonging > 0).sum())
        if not counting:
            return float("nan")
        order = np.argsort(-self.similarity, kind="stable")
        right, similarity = (self.first == 1)[order], self.similarity[order]
        last = np.searchsorted(-similarity, -similarity, side="right")
        precision = np.cumsum(right)[last - 1] / last
        return float(precision[right].sum()) / counting

    def hits(self, k: int) -> NDArray[np.int64]:
        """Return how many of the first k pictures, at most `KEPT`, belong with each query, int64, shape (n,)."""
        if not 0 < k <= KEPT:
            raise ValueError(f"places are kept up to {KEPT}, not up to {k}")
        found: NDArray[np.int64] = np.count_nonzero((self.places > 0) & (self.places <= k), axis=1)
        return found

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Rankings":
        """Return some queries: their numbers, or a mask."""
        return Rankings(
            places=self.places[rows],
            belonging=self.belonging[rows],
            nearest=self.nearest[rows],
            similarity=self.similarity[rows],
            average_precision=self.average_precision[rows],
            precision_to_r=self.precision_to_r[rows],
        )


def precisions(places: NDArray[np.integer], belonging: int) -> tuple[float, float]:
    """Return what the first pictures that belong with a query add to its average precision, and to that up to R.

    Args:
        places: Their places, from 1, ascending.
        belonging: R, the number of all pictures that belong with it.
    """
    found = np.searchsorted(places, places, side="right") / places
    return float(found.sum()) / belonging, float(found[places <= belonging].sum()) / belonging
