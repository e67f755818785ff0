"""Two records side by side: by how much they differ, whether that is more than chance, and in which classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.leaderboard.lookup import Located, encoder
from artbench.leaderboard.ranking import Pair, direction, rank
from artbench.records.class_names import tested_classes
from artbench.records.stored import StoredPredictions, read_predictions
from artbench.stats.average_precision import average_precision


@dataclass(frozen=True, kw_only=True)
class ClassDifference:
    """How two encoders fare in one class.

    Attributes:
        name: Of the class, or its number where the record has no table of classes.
        images: Test images that have it, over all rounds.
        first: Recall of the first, or average precision for multi-label tasks.
        second: That of the second.
    """

    name: str
    images: int
    first: float
    second: float

    @property
    def difference(self) -> float:
        """First less second."""
        return self.first - self.second


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """First against second.

    Attributes:
        difference: Value of the first less value of the second: a fraction, or years.
        ci95: Percentile interval of it.
        p: Two-sided, of this pair alone.
        mcnemar: Exact McNemar's p, where it applies.
        alone: About how many pictures the first alone is right, and the second; None where that is not the question.
        better: Which has the better value, `first` or `second`; empty if neither.
        measure: `recall` or `average precision`, of the classes; empty for years.
        classes: Those that occur, in which they differ most first.
    """

    difference: float
    ci95: tuple[float, float]
    p: float
    mcnemar: float | None
    alone: tuple[int, int] | None
    better: str
    measure: str
    classes: tuple[ClassDifference, ...]


def compare(first: Located, second: Located) -> Comparison:
    """Test two records of one leaderboard against each other.

    Raises:
        ArtbenchError: The predictions of one are missing, or can't be used; or their test images differ.
    """
    files = {first.record.id: first.predictions, second.record.id: second.predictions}
    ranking = rank([first.record, second.record], lambda record: files[record.id])
    for located in (first, second):
        if located.record.id in ranking.untested:
            reason = ranking.untested[located.record.id].replace("the other rows", "the other record")
            raise ArtbenchError(
                f"{encoder(located.record)} ({located.record.id}) can't be tested: {reason}",
                mend=f"They belong in {located.predictions}",
            )
    (pair,) = ranking.pairs
    ours, theirs = (read_predictions(one.predictions, one.record) for one in (first, second))
    known = tested_classes(first.file, first.record) or tested_classes(second.file, second.record)
    measure, classes = _classes(ours, theirs, known.names if known else None, first.record.dataset.classes)
    value, ci95 = _oriented(pair, first)
    better = "" if value == 0 else "first" if pair.better == first.record.id else "second"
    return Comparison(
        difference=value,
        ci95=ci95,
        p=pair.p,
        mcnemar=pair.mcnemar,
        alone=None if pair.mcnemar is None else _alone(ours, theirs),
        better=better,
        measure=measure,
        classes=classes,
    )


def _oriented(pair: Pair, first: Located) -> tuple[float, tuple[float, float]]:
    """First less second, in the metric's own direction."""
    sign = direction(first.record.primary_metric) * (1 if pair.better == first.record.id else -1)
    low, high = sorted((sign * pair.ci95[0], sign * pair.ci95[1]))
    return sign * pair.difference, (low, high)


def _alone(ours: StoredPredictions, theirs: StoredPredictions) -> tuple[int, int]:
    one, other = ours.predicted == ours.labels, theirs.predicted == theirs.labels
    return int(np.sum(one & ~other)), int(np.sum(other & ~one))


def _classes(
    ours: StoredPredictions, theirs: StoredPredictions, names: Sequence[str] | None, count: int
) -> tuple[str, tuple[ClassDifference, ...]]:
    if ours.labels.dtype == np.float64:
        return "", ()
    single = ours.labels.ndim == 1
    images = np.bincount(ours.labels.astype(np.int64), minlength=count) if single else ours.labels.sum(axis=0)
    one, other = (_recalls(each, images) if single else _precisions(each) for each in (ours, theirs))
    every = [
        ClassDifference(
            name=names[number] if names else f"class {number}",
            images=int(images[number]),
            first=float(one[number]),
            second=float(other[number]),
        )
        for number in np.flatnonzero(images).tolist()
    ]
    ordered = sorted(every, key=lambda row: (-round(abs(row.difference), 9), -row.images, row.name))
    return "recall" if single else "average precision", tuple(ordered)


def _recalls(stored: StoredPredictions, images: NDArray[np.int64]) -> NDArray[np.float64]:
    hits = stored.labels[stored.labels == stored.predicted].astype(np.int64)
    recalls: NDArray[np.float64] = np.bincount(hits, minlength=len(images)) / np.maximum(images, 1)
    return recalls


def _precisions(stored: StoredPredictions) -> NDArray[np.floating]:
    assert stored.confidence is not None
    return average_precision(stored.labels.astype(bool).T, stored.confidence.T).exact
