"""How well the neighbours of a picture tell what it is, in the space and on a map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels

# Pairs drawn for what neighbours would have in common by chance.
_PAIRS = 20_000


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What neighbours tell, each picture left out of its own.

    Attributes:
        measure: `accuracy`, `overlap` or `years`.
        space: By the nearest in the space.
        map: By the nearest on the map.
        guess: Without looking: the largest class, labels of another picture at random, the median year.
    """

    measure: str
    space: float
    map: float
    guess: float

    def sentence(self, neighbours: int) -> str:
        """Both in words, without a full stop."""
        if self.measure == "years":
            return (
                f"The median year of its {neighbours} nearest is off by {self.space:.0f} years on average in the "
                f"space, by {self.map:.0f} here, and the median of all by {self.guess:.0f}"
            )
        space, here, guess = (f"{100 * value:.1f} %" for value in (self.space, self.map, self.guess))
        if self.measure == "overlap":
            return (
                f"A picture shares {space} of its labels (intersection over union) with its {neighbours} nearest in "
                f"the space, {here} with those here, and {guess} with any other"
            )
        return (
            f"The commonest class of a picture's {neighbours} nearest is its own in {space} of cases in the space and "
            f"in {here} here; the largest class alone is right in {guess}"
        )


def agreement(labels: Labels, *, in_space: NDArray[np.int64], on_map: NDArray[np.int64]) -> Agreement:
    """Measure it.

    Args:
        labels: As `Split.labels`, of n pictures.
        in_space: The nearest of each in the space, shape (n, k).
        on_map: On the map, likewise.
    """
    if labels.dtype.kind == "f":
        space, here = (float(np.abs(np.median(labels[near], axis=1) - labels).mean()) for near in (in_space, on_map))
        guess = float(np.abs(labels - np.median(labels)).mean())
        return Agreement(measure="years", space=space, map=here, guess=guess)
    if labels.ndim == 2:
        random = np.random.default_rng(0)
        pairs = random.integers(0, len(labels), (2, _PAIRS))
        pairs = pairs[:, pairs[0] != pairs[1]]
        return Agreement(
            measure="overlap",
            space=_overlap(labels, in_space),
            map=_overlap(labels, on_map),
            guess=float(_shared(labels[pairs[0]], labels[pairs[1]]).mean()),
        )
    numbers = labels.astype(np.int64)
    return Agreement(
        measure="accuracy",
        space=_votes_right(numbers, in_space),
        map=_votes_right(numbers, on_map),
        guess=float(np.bincount(numbers).max() / len(numbers)),
    )


def _votes_right(labels: NDArray[np.int64], near: NDArray[np.int64]) -> float:
    """Share of pictures whose own class is the commonest of their neighbours; of a tie, that of the nearest."""
    votes = labels[near]
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    winner = votes[np.arange(len(votes)), counts.argmax(axis=1)]
    return float((winner == labels).mean())


def _overlap(labels: Labels, near: NDArray[np.int64]) -> float:
    return float(np.mean([_shared(labels, labels[column]).mean() for column in near.T]))


def _shared(first: Labels, second: Labels) -> NDArray[np.float64]:
    """Intersection over union of sets of labels; of two that are empty, all."""
    union = (first | second).sum(axis=1)  # type: ignore[operator]  # of booleans
    both = (first & second).sum(axis=1)  # type: ignore[operator]
    shared: NDArray[np.float64] = np.divide(both, union, out=np.ones(len(union)), where=union > 0)
    return shared
