"""What the neighbours of pictures share with them: the class, the origin such as the museum, both or neither."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Columns of `Neighbourhoods.counts`, and of what is stored.
SHARED = ("class_and_origin", "class_alone", "origin_alone", "neither")


@dataclass(frozen=True, kw_only=True)
class Neighbourhoods:
    """What the nearest neighbours of each of n pictures share with it, in all comparisons that it takes part in.

    Neighbours of equal similarity share the places that are left in equal parts, so that counts may be fractions.

    Attributes:
        counts: Number of neighbours that share class and origin, the class alone, the origin alone, and neither with
            the picture; float64, shape (n, 4).
        added: What the picture adds, as a picture and as a neighbour of others, to the number of neighbours that share
            the class alone, and the origin alone; float64, shape (n, 2), may be negative. Their sums over all pictures
            are those of the counts: without some of the pictures, the sums of the others tell the counts that remain.

    Examples:
        >>> import numpy as np
        >>> from artbench.data import Neighbourhoods
        >>> one = Neighbourhoods(counts=np.array([[2.0, 3.0, 1.0, 0.0]]), added=np.array([[3.0, 1.0]]))
        >>> len(one), one.take(np.array([0, 0])).counts.shape
        (1, (2, 4))
    """

    counts: NDArray[np.float64]
    added: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.counts)

    @classmethod
    def joined(cls, parts: Sequence["Neighbourhoods"]) -> "Neighbourhoods":
        """Return the pictures of all parts, one part after the other."""
        return cls(
            counts=np.concatenate([part.counts for part in parts]), added=np.concatenate([part.added for part in parts])
        )

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Neighbourhoods":
        """Return some pictures: their numbers, or a mask."""
        return Neighbourhoods(counts=self.counts[rows], added=self.added[rows])
