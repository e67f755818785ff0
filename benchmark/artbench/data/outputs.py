"""What is predicted for images: probabilities, years, or the most probable of many classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from artbench.data.neighbourhoods import Neighbourhoods
from artbench.data.rankings import Rankings

# Classes that are kept of each image: as many as top-5 accuracy needs.
_KEPT = 5
# Probabilities that are looked at at once.
_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Leading:
    """The most probable classes of n images: all that metrics of one class per image need.

    Of a hundred thousand images and ten thousand classes all probabilities would take 4 GB.

    Attributes:
        classes: int64, shape (n, k), the most probable first, of equal ones the one listed first.
        probabilities: Their probabilities, floats, shape (n, k).
        count: Number of classes of the task.
    """

    classes: NDArray[np.int64]
    probabilities: NDArray[np.floating]
    count: int

    def __len__(self) -> int:
        return len(self.classes)

    @classmethod
    def of(cls, probabilities: NDArray[np.floating]) -> "Leading":
        """Pick them from probabilities, shape (n, classes)."""
        n, count = probabilities.shape
        kept = min(_KEPT, count)
        classes, values = np.empty((n, kept), np.int64), np.empty((n, kept), probabilities.dtype)
        step = max(1, _BLOCK // max(1, count))
        for start in range(0, n, step):
            part = slice(start, start + step)
            block = np.array(probabilities[part])
            rows = np.arange(len(block))
            for place in range(kept):
                best = block.argmax(axis=1)
                classes[part, place], values[part, place] = best, block[rows, best]
                block[rows, best] = -np.inf
        return cls(classes=classes, probabilities=values, count=count)

    def select(self, rows: NDArray[np.int64]) -> "Leading":
        """Return some images, in order."""
        return Leading(classes=self.classes[rows], probabilities=self.probabilities[rows], count=self.count)


Outputs: TypeAlias = NDArray[np.floating] | Leading
"""Predictions for n images: probabilities, shape (n, classes); the leading ones of them; or years, shape (n, 1)."""
Answered: TypeAlias = Outputs | Rankings | Neighbourhoods
"""What is answered to n images: predictions of a probe, rankings of an index, or what neighbours share."""


@overload
def joined(parts: Sequence[Outputs]) -> Outputs: ...
@overload
def joined(parts: Sequence[Answered]) -> Answered: ...
def joined(parts: Sequence[Answered]) -> Answered:
    """Return the predictions for the images of all parts, which are of one kind; a single part is not copied."""
    if len(parts) == 1:
        return parts[0]
    if rankings := [part for part in parts if isinstance(part, Rankings)]:
        return Rankings.joined(rankings)
    if near := [part for part in parts if isinstance(part, Neighbourhoods)]:
        return Neighbourhoods.joined(near)
    leading = [part for part in parts if isinstance(part, Leading)]
    if not leading:
        return np.concatenate([part for part in parts if isinstance(part, np.ndarray)])
    return Leading(
        classes=np.concatenate([part.classes for part in leading]),
        probabilities=np.concatenate([part.probabilities for part in leading]),
        count=leading[0].count,
    )
