"""How an index is searched, in place of a probe."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """How sure the first picture of a ranking is, in place of its similarity (Ypsilantis et al. 2021, The Met).

    Attributes:
        name: What it is of the nearest pictures, of which each class counts by its nearest.
        neighbours: Numbers of nearest pictures to choose from.
        temperatures: Factors of similarities to choose from.
        selection: What both are chosen by, in the order of the lists.
    """

    name: str = "soft-max over the classes of the index"
    neighbours: tuple[int, ...] = (1, 2, 3, 5, 7, 10, 15, 20, 50)
    temperatures: tuple[float, ...] = (0.01, 0.1, 1, 5, 10, 15, 20, 25, 30, 50, 100, 500)
    selection: str = "global average precision of the validation queries"


@dataclass(frozen=True, kw_only=True)
class Search:
    """Exact search of an index for the pictures that are most similar to each query, in place of a probe.

    Attributes:
        name: Name of the search.
        similarity: Measure of similarity, by which the pictures of the index are ranked.
        ties: Places of pictures of equal similarity.
        left_out: Pictures of the index that a query is not compared with.
        whitening: Number of whitened principal components of the index that vectors of length 1 are reduced to, and
            scaled to length 1 again (Jégou and Chum 2012); None: features are used as they are.
        csls: Number of neighbours of cross-domain similarity local scaling: twice the cosine, less the mean cosine of
            the query to its nearest so many of the index, less that of the picture to its nearest so many queries
            (Conneau, Lample et al. 2018). It looks at all queries at once. None: the cosine itself.
        neighbours: Number of nearest pictures of which is counted what they share with the query; None: all pictures
            are ranked.
        compared: Pictures that are compared with each other, in place of one index.
        confidence: What stands for the similarity of the first picture where queries are ranked together; None: itself.
    """

    name: str = "exact"
    similarity: str = "cosine, float32"
    ties: str = "the last of their places"
    left_out: str = "the query itself, where it is in the index"
    whitening: int | None = None
    csls: int | None = None
    confidence: Confidence | None = None
    neighbours: str | None = None
    compared: str | None = None

    @property
    def asks(self) -> Literal["ranking", "neighbours"]:
        """The form of the answers to tasks that are measured so."""
        return "ranking" if self.neighbours is None else "neighbours"
