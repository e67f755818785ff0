"""What was answered for some test images, as it is kept beside a record: what a plugin's metric measures."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from artbench.data.neighbourhoods import Neighbourhoods
from artbench.data.outputs import Answered, Leading
from artbench.data.rankings import NOTHING, Rankings
from artbench.data.targets import Labels


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Labels of n test images and the answers to them, by the form of answer of the task's kind of target.

    Attributes:
        labels: As `Split.labels`.
        predicted: `class`: the number of the most probable class, int64, shape (n,). `labels`: the labels with a
            probability of at least 0.5, bool, shape (n, classes). `number`: float64, shape (n,). `ranking`: the label
            of the most similar picture of the index, int64, shape (n,), -1 of one that belongs with no other.
            `neighbours`: -1, since nothing is predicted, int64, shape (n,).
        confidence: `class`: the probability of the predicted class, float64, shape (n,). `labels`: of every label,
            float64, shape (n, classes). `ranking`: the similarity of that picture, float64, shape (n,). Else
            None.
        classes: Number of classes or labels of the task; 0 for `number`, `ranking` and `neighbours`.
        ranking: `ranking`: where the pictures rank that belong with each query (`artbench.data.rankings`). Else None.
        neighbourhoods: `neighbours`: what the neighbours of each picture share with it
            (`artbench.data.neighbourhoods`). Else None.

    Examples:
        >>> import numpy as np
        >>> from artbench.data import Answers
        >>> answers = Answers.of(np.array([0, 1]), np.array([[0.75, 0.25], [0.6, 0.4]]))
        >>> answers.predicted.tolist(), answers.confidence.tolist(), answers.classes
        ([0, 0], [0.75, 0.6], 2)
    """

    labels: Labels
    predicted: NDArray[np.int64] | NDArray[np.bool_] | NDArray[np.float64]
    confidence: NDArray[np.float64] | None
    classes: int
    ranking: Rankings | None = None
    neighbourhoods: Neighbourhoods | None = None

    @classmethod
    def of(cls, labels: Labels, outputs: Answered) -> "Answers":
        """Return the answers that a probe's outputs, rankings, or neighbourhoods, are."""
        if isinstance(outputs, Neighbourhoods):
            nothing = np.full(len(labels), NOTHING, np.int64)
            return cls(
                labels=labels.astype(np.int64), predicted=nothing, confidence=None, classes=0, neighbourhoods=outputs
            )
        if isinstance(outputs, Rankings):
            return cls(
                labels=labels.astype(np.int64),
                predicted=outputs.nearest,
                confidence=outputs.similarity,
                classes=0,
                ranking=outputs,
            )
        if labels.dtype == np.float64 and not isinstance(outputs, Leading):
            return cls(labels=labels, predicted=outputs[:, 0].astype(np.float64), confidence=None, classes=0)
        if labels.ndim == 2 and not isinstance(outputs, Leading):
            confidence = outputs.astype(np.float64)
            return cls(labels=labels, predicted=outputs >= 0.5, confidence=confidence, classes=outputs.shape[1])
        leading = outputs if isinstance(outputs, Leading) else Leading.of(outputs)
        return cls(
            labels=labels.astype(np.int64),
            predicted=leading.classes[:, 0],
            confidence=leading.probabilities[:, 0].astype(np.float64),
            classes=leading.count,
        )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Answers":
        """Return the answers for some images: their numbers, or a mask."""
        confidence = None if self.confidence is None else self.confidence[rows]
        ranking = None if self.ranking is None else self.ranking.take(rows)
        return replace(
            self,
            labels=self.labels[rows],
            predicted=self.predicted[rows],
            confidence=confidence,
            ranking=ranking,
            neighbourhoods=None if self.neighbourhoods is None else self.neighbourhoods.take(rows),
        )
