"""Predictions for the images of a training set by probes that were not fitted on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.data.outputs import Leading
from artbench.data.splits import grouped_folds
from artbench.probe.features import LabelledFeatures
from artbench.probe.linear import outputs_of
from artbench.probe.penalty import PenaltyPath
from artbench.probe.width import to_width
from artbench.protocol import Protocol
from artbench.specs import TargetKind

FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class OutOfFold:
    """Out-of-fold predictions for n images.

    Attributes:
        judged: Whether other folds have the class of an image, so that it could have been predicted; bool, shape (n,).
        predicted: Most probable class, int64, shape (n,).
        confidence: Its probability, float32, shape (n,).
    """

    judged: NDArray[np.bool_]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]


def out_of_fold(
    images: LabelledFeatures,
    *,
    together: Sequence[str],
    classes: int,
    target: TargetKind,
    l2: float,
    protocol: Protocol,
    device: str,
) -> OutOfFold:
    """Predict the class of each image by a probe fitted on the other four of five folds.

    Args:
        images: Images with one class each.
        together: Group of each image: all images of a group are in one fold.
        classes: Number of classes.
        target: Kind of target, with one class per image.
        l2: Penalty of the probes, of the protocol's grid.
        protocol: How probes are fitted.
        device: `cpu`, `cuda`; with `mps`, which has no float64, the probes run on the CPU.

    Raises:
        ArtbenchError: A feature is NaN or infinite, or there are too few images for the protocol's width.
    """
    n, place = len(images), "cpu" if device == "mps" else device
    labels = images.labels.astype(np.int64)
    fold_of = grouped_folds(labels, together, folds=FOLDS)
    found = OutOfFold(judged=np.zeros(n, bool), predicted=labels.copy(), confidence=np.zeros(n, np.float32))
    for fold in np.unique(fold_of).tolist():
        held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        if not len(rest):
            continue
        train, _, projection = to_width(images.select(rest), None, width=protocol.width)
        rows = images.rows.select(held)
        path = PenaltyPath([train], classes=classes, target=target, tolerance=protocol.probe.tolerance, device=place)
        # Along the larger penalties, as each fit is a good start for the next.
        for larger in sorted((one for one in protocol.probe.grid if one >= l2), reverse=True):
            head = path.at(larger)
        outputs = outputs_of(rows if projection is None else projection.rows(rows), *head, target)
        found.judged[held] = np.isin(labels[held], labels[rest])
        assert isinstance(outputs, Leading)
        found.predicted[held], found.confidence[held] = outputs.classes[:, 0], outputs.probabilities[:, 0]
    return found
