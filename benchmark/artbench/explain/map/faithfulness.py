"""How much of the space of the features a map in the plane keeps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from artbench.data.targets import Labels
from artbench.explain.cosine import cosine_blocks, nearest
from artbench.explain.map.request import NEIGHBOURS
from artbench.runtime.progress import Reporter

# Fewest images that have neighbours to compare.
FEWEST = 4
# Pairs of images drawn to tell what two have in common by chance.
_PAIRS = 20_000


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How well the neighbours of an image, without itself, predict its labels.

    Attributes:
        measure: `accuracy`, `overlap` or `years`.
        space: Value for the nearest in the space.
        map: Value for the nearest on the map.
        guess: Value without neighbours: for the largest class, the labels of a random image, or the median year.
    """

    measure: str
    space: float
    map: float
    guess: float

    def sentence(self, neighbours: int) -> str:
        """Describe the agreement as a sentence without a full stop."""
        if self.measure == "years":
            return (
                f"The median year of an image's {neighbours} nearest is off by {self.space:.0f} years on average in "
                f"the space, by {self.map:.0f} here, and the median of all by {self.guess:.0f}"
            )
        space, here, guess = (f"{100 * value:.1f} %" for value in (self.space, self.map, self.guess))
        if self.measure == "overlap":
            return (
                f"An image shares {space} of its labels (intersection over union) with its {neighbours} nearest in "
                f"the space, {here} with those here, and {guess} with any other"
            )
        return (
            f"The commonest class of an image's {neighbours} nearest is its own in {space} of cases in the space and "
            f"in {here} here; the largest class alone is right in {guess}"
        )


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """How much a map keeps, measured by the nearest neighbours of every image.

    Attributes:
        neighbours: How many neighbours are compared.
        trustworthiness: Trustworthiness (Venna and Kaski 2001), in [0, 1]: 1 if all neighbours on the map are
            neighbours in the space, less the further away in the space they are.
        kept: Share of the neighbours in the space that are neighbours on the map.
        by_chance: The same share for a random map.
        agreement: How well neighbours predict an image's labels, in the space and on the map; None without labels.
    """

    neighbours: int
    trustworthiness: float
    kept: float
    by_chance: float
    agreement: Agreement | None

    @property
    def sentences(self) -> list[str]:
        """The numbers as sentences without a full stop."""
        k = self.neighbours
        return [
            f"Of an image's {k} nearest in the space, {100 * self.kept:.0f} % are among its {k} nearest here "
            f"({100 * self.by_chance:.1f} % by chance); trustworthiness {self.trustworthiness:.3f}",
            *([] if self.agreement is None else [self.agreement.sentence(k)]),
        ]


def faithfulness(
    directions: NDArray[np.float32], places: NDArray[np.float64], *, labels: Labels | None, reporter: Reporter
) -> Faithfulness:
    """Compare the neighbours of every image in the space, by cosine, with those on the map.

    The comparison is exact, and holds the similarities of a few images with all others at a time.

    Args:
        directions: Unit vectors of the features, float32, shape (n, d), n at least `FEWEST`.
        places: Places on the map, shape (n, 2).
        labels: As `Split.labels`; None without labels.
        reporter: Receives progress and notices.
    """
    n = len(directions)
    k = min(NEIGHBOURS, (n - 1) // 2)
    on_map = neighbours_on_map(places, k)
    in_space = np.empty((n, k), np.int64)
    excess = 0.0
    with reporter.counting("comparing the map with the space", total=n, unit="images") as counter:
        for part, cosines in cosine_blocks(directions, directions):
            rows = np.arange(len(cosines))
            cosines[rows, rows + part.start] = -np.inf
            in_space[part] = nearest(cosines, k)
            excess += float(np.maximum(0, _ranks(cosines, on_map[part]) - k).sum())
            counter.advance(len(cosines))
    return Faithfulness(
        neighbours=k,
        trustworthiness=1 - excess * 2 / (n * k * (2 * n - 3 * k - 1)),
        kept=share_kept(in_space, on_map),
        by_chance=k / (n - 1),
        agreement=None if labels is None else agreement(labels, in_space=in_space, on_map=on_map),
    )


def share_kept(in_space: NDArray[np.int64], on_map: NDArray[np.int64]) -> float:
    """Return the share of the neighbours in the space, shape (n, k), that are among those on the map, likewise."""
    return float((in_space[:, :, None] == on_map[:, None, :]).any(axis=2).mean())


def neighbours_on_map(places: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the nearest of each place on a map, shape (n, 2), without itself: int64, shape (n, count)."""
    found = NearestNeighbors(n_neighbors=count + 1).fit(places).kneighbors(places)[1]
    # An image is not always its own first neighbour, where several share a place.
    itself = found == np.arange(len(found))[:, None]
    itself[~itself.any(axis=1), -1] = True
    kept: NDArray[np.int64] = found[~itself].reshape(len(found), -1)
    return kept


def _ranks(cosines: NDArray[np.float32], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank, from 1, of each of `places` among the nearest in the space."""
    ordered = np.sort(-cosines, axis=1)
    asked = -np.take_along_axis(cosines, places, axis=1)
    return np.stack([np.searchsorted(row, values) for row, values in zip(ordered, asked, strict=True)]) + 1


def agreement(labels: Labels, *, in_space: NDArray[np.int64], on_map: NDArray[np.int64]) -> Agreement:
    """Measure how well neighbours predict labels.

    Args:
        labels: As `Split.labels`, of n images.
        in_space: The nearest of each in the space, shape (n, k).
        on_map: The nearest of each on the map, shape (n, k).
    """
    if labels.dtype.kind == "f":
        space, here = (float(np.abs(np.median(labels[near], axis=1) - labels).mean()) for near in (in_space, on_map))
        guess = float(np.abs(labels - np.median(labels)).mean())
        return Agreement(measure="years", space=space, map=here, guess=guess)
    if labels.ndim == 2:
        pairs = np.random.default_rng(0).integers(0, len(labels), (2, _PAIRS))
        first, second = pairs[:, pairs[0] != pairs[1]]
        space, here = (_overlap(labels, near) for near in (in_space, on_map))
        guess = float(_shared(labels[first], labels[second]).mean())
        return Agreement(measure="overlap", space=space, map=here, guess=guess)
    numbers = labels.astype(np.int64)
    space, here = (_votes_right(numbers, near) for near in (in_space, on_map))
    guess = float(np.bincount(numbers).max() / len(numbers))
    return Agreement(measure="accuracy", space=space, map=here, guess=guess)


def _votes_right(labels: NDArray[np.int64], near: NDArray[np.int64]) -> float:
    """Share of images whose class is the commonest of their neighbours; in a tie, that of the nearest counts."""
    votes = labels[near]
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    winner = votes[np.arange(len(votes)), counts.argmax(axis=1)]
    return float((winner == labels).mean())


def _overlap(labels: Labels, near: NDArray[np.int64]) -> float:
    return float(np.mean([_shared(labels, labels[column]).mean() for column in near.T]))


def _shared(first: Labels, second: Labels) -> NDArray[np.float64]:
    """Intersection over union of sets of labels; 1 for two empty sets."""
    union = (first | second).sum(axis=1)  # type: ignore[operator]  # of booleans
    both = (first & second).sum(axis=1)  # type: ignore[operator]
    shared: NDArray[np.float64] = np.divide(both, union, out=np.ones(len(union)), where=union > 0)
    return shared
