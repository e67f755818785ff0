"""The metrics of a museum bias, each of what the neighbours of pictures have in common with them."""

import numpy as np
from numpy.typing import NDArray

from artbench.data import Answers
from artbench.data.neighbourhoods import Neighbourhoods
from artbench.errors import ArtbenchError


def robustness_index(answers: Answers) -> float:
    """Neighbours that share the class alone, over those that share it or the museum alone."""
    same_class, same_museum = _of(answers).added.sum(axis=0)
    if same_class + same_museum <= 0:
        raise ArtbenchError(
            "no neighbour shares the class alone, or the museum alone: there is no robustness index",
            mend="Compare classes and museums that are less alike",
        )
    return float(np.clip(same_class / (same_class + same_museum), 0, 1))


def class_neighbours(answers: Answers) -> NDArray[np.float64]:
    """Mean over pictures of the share of neighbours of the same class: that of each, float64, shape (n,)."""
    counts = _of(answers).counts
    return _share(counts[:, 0] + counts[:, 1], counts)


def museum_neighbours(answers: Answers) -> NDArray[np.float64]:
    """Mean over pictures of the share of neighbours from the same museum: that of each, likewise."""
    counts = _of(answers).counts
    return _share(counts[:, 0] + counts[:, 2], counts)


def _of(answers: Answers) -> Neighbourhoods:
    assert answers.neighbourhoods is not None
    return answers.neighbourhoods


def _share(some: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    every = counts.sum(axis=1)
    return np.asarray(np.divide(some, every, out=np.full(len(every), np.nan), where=every > 0))
