"""How much of the space of the features a map in the plane keeps: a map is not the space."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from artbench.data.targets import Labels
from artbench.explain.cosine import cosine_blocks, nearest
from artbench.explain.map.agreement import Agreement, agreement
from artbench.explain.map.request import NEIGHBOURS
from artbench.runtime.progress import Reporter

# Of fewer, nothing can be said.
FEWEST = 4


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """What a map keeps, read off the nearest neighbours of every picture.

    Attributes:
        neighbours: How many were looked at.
        trustworthiness: Of Venna and Kaski 2001, in [0, 1]: 1 if none is a neighbour on the map that is none in the
            space, less the further away in the space those are.
        kept: Share of the neighbours in the space that are neighbours on the map.
        by_chance: The same of a map at random.
        agreement: How well neighbours tell a picture's classes, in the space and on the map.
    """

    neighbours: int
    trustworthiness: float
    kept: float
    by_chance: float
    agreement: Agreement

    @property
    def sentences(self) -> list[str]:
        """The numbers in words, each without a full stop."""
        k = self.neighbours
        return [
            f"Of a picture's {k} nearest in the space, {100 * self.kept:.0f} % are among its {k} nearest here "
            f"({100 * self.by_chance:.1f} % by chance); trustworthiness {self.trustworthiness:.3f}",
            f"{self.agreement.sentence(k)}",
        ]

    def as_json(self) -> dict[str, Any]:
        """All numbers."""
        return asdict(self)


def faithfulness(
    directions: NDArray[np.float32],
    places: NDArray[np.float64],
    *,
    labels: Labels,
    reporter: Reporter,
) -> Faithfulness:
    """Compare the neighbours of every picture in the space, by cosine, with those on the map.

    Exact; the similarities of some pictures with all are held at a time, and never those of all.

    Args:
        directions: Of the features, float32, shape (n, d), n at least `FEWEST`.
        places: On the map, shape (n, 2).
        labels: As `Split.labels`.
        reporter: Told how far it is.
    """
    n = len(directions)
    k = min(NEIGHBOURS, (n - 1) // 2)
    on_map = _without_themselves(NearestNeighbors(n_neighbors=k + 1).fit(places).kneighbors(places)[1])
    in_space = np.empty((n, k), np.int64)
    excess = 0.0
    with reporter.counting("comparing the map with the space", total=n, unit="pictures") as counter:
        for part, cosines in cosine_blocks(directions, directions):
            rows = np.arange(len(cosines))
            cosines[rows, rows + part.start] = -np.inf
            in_space[part] = nearest(cosines, k)
            excess += float(np.maximum(0, _ranks(cosines, on_map[part]) - k).sum())
            counter.advance(len(cosines))
    common = (in_space[:, :, None] == on_map[:, None, :]).any(axis=2)
    return Faithfulness(
        neighbours=k,
        trustworthiness=1 - excess * 2 / (n * k * (2 * n - 3 * k - 1)),
        kept=float(common.mean()),
        by_chance=k / (n - 1),
        agreement=agreement(labels, in_space=in_space, on_map=on_map),
    )


def _without_themselves(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """The k neighbours of each picture, of k + 1 that hold itself; not always first, where several share a place."""
    itself = found == np.arange(len(found))[:, None]
    itself[~itself.any(axis=1), -1] = True
    kept: NDArray[np.int64] = found[~itself].reshape(len(found), -1)
    return kept


def _ranks(cosines: NDArray[np.float32], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """From 1: as the how manieth nearest in the space each of `places` comes."""
    ordered = np.sort(-cosines, axis=1)
    asked = -np.take_along_axis(cosines, places, axis=1)
    return np.stack([np.searchsorted(row, values) for row, values in zip(ordered, asked, strict=True)]) + 1
