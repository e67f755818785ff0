"""Predictions for the images of a training set by probes that were not fitted on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.data.outputs import Leading
from artbench.data.splits import grouped_folds
from artbench.plugins.known import form_of
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import outputs_of
from artbench.probe.penalty import PenaltyPath
from artbench.probe.ridge import ridge_at
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


@dataclass(frozen=True, kw_only=True)
class HeldOutFold:
    """One of five folds, and a probe fitted on the other four.

    Attributes:
        positions: Positions of the fold's images, int64, shape (m,).
        rows: Their features, as the head takes them: projected under a protocol with a width.
        judged: Whether the other folds have the class of an image; always true of labels and years. bool, shape (m,).
        weight: float64, shape (d, classes), or (d,) for years.
        bias: float64, shape (classes,), or () for years.
    """

    positions: NDArray[np.int64]
    rows: Rows
    judged: NDArray[np.bool_]
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]


def held_out_folds(
    images: LabelledFeatures,
    *,
    together: Sequence[str],
    classes: int,
    target: TargetKind,
    l2: float,
    protocol: Protocol,
    device: str,
) -> Iterator[HeldOutFold]:
    """Fit a probe on the other four of five folds, for each of them that has images; none with a single group.

    The folds are stratified by class, label or century. Arguments and errors are those of `out_of_fold`, for any kind
    of target.
    """
    place = "cpu" if device == "mps" else device
    fold_of = grouped_folds(images.labels, together, folds=FOLDS)
    for fold in np.unique(fold_of).tolist():
        held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        if not len(rest):
            continue
        train, _, projection = to_width(images.select(rest), None, width=protocol.width)
        rows = images.rows.select(held)
        judged = np.ones(len(held), bool)
        if form_of(target) == "number":
            weight, intercept = ridge_at(train, l2, device=place)
            bias = np.asarray(intercept, np.float64)
        else:
            path = PenaltyPath(
                [train], classes=classes, target=target, tolerance=protocol.probe.tolerance, device=place
            )
            # Along the larger penalties, as each fit is a good start for the next.
            for larger in sorted((one for one in protocol.probe.grid if one >= l2), reverse=True):
                weight, bias = path.at(larger)
            if images.labels.ndim == 1:
                judged = np.isin(images.labels[held], images.labels[rest])
        yield HeldOutFold(
            positions=held,
            rows=rows if projection is None else projection.rows(rows),
            judged=judged,
            weight=weight,
            bias=bias,
        )


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
    n = len(images)
    found = OutOfFold(
        judged=np.zeros(n, bool), predicted=images.labels.astype(np.int64), confidence=np.zeros(n, np.float32)
    )
    for fold in held_out_folds(
        images, together=together, classes=classes, target=target, l2=l2, protocol=protocol, device=device
    ):
        outputs = outputs_of(fold.rows, fold.weight, fold.bias, target)
        assert isinstance(outputs, Leading)
        held = fold.positions
        found.judged[held] = fold.judged
        found.predicted[held], found.confidence[held] = outputs.classes[:, 0], outputs.probabilities[:, 0]
    return found
