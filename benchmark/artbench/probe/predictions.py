"""Predictions of the probe and of nearest neighbours for test images, for every kind of target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from artbench.data.outputs import Outputs
from artbench.plugins.known import form_of
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.knn import knn_outputs
from artbench.probe.linear import FittedProbe, fit_probe, validated_thresholds
from artbench.probe.penalty import set_apart
from artbench.probe.ridge import FittedRidge, fit_ridge
from artbench.probe.width import to_width
from artbench.protocol import Protocol
from artbench.runtime.progress import Reporter
from artbench.specs import TargetKind


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Predictions for m test images.

    Attributes:
        fitted: The probe.
        outputs: Its probabilities, float32, shape (m, classes), of one class per image the leading ones; or years,
            float32, shape (m, 1).
        neighbours: The same of weighted nearest neighbours.
        neighbour_thresholds: Threshold by metric for these, chosen on the same images as those of the probe.
    """

    fitted: FittedProbe | FittedRidge
    outputs: Outputs
    neighbours: Outputs
    neighbour_thresholds: Mapping[str, float]


def predict(
    train: LabelledFeatures,
    validation: LabelledFeatures | None,
    test: Rows,
    *,
    classes: int,
    target: TargetKind,
    protocol: Protocol,
    device: str,
    reporter: Reporter,
) -> Predictions:
    """Fit on train and validation, and predict the test, whose labels are not passed, so that they can't leak.

    The arguments are those of `fit_probe`, and `test`: features of m images. Under a protocol with a width, probe and
    neighbours see the leading principal components of train.

    Raises:
        ArtbenchError: There are no training images, or a feature is NaN or infinite.
    """
    train, validation, projection = to_width(train, validation, width=protocol.width)
    test = test if projection is None else projection.rows(test)
    fitted: FittedProbe | FittedRidge
    outputs: Outputs
    if form_of(target) == "number":
        ridge = fit_ridge(train, validation, target=target, probe=protocol.probe, device=device)
        fitted, outputs = ridge if projection is None else projection.unprojected(ridge), ridge.years(test)
    else:
        head = fit_probe(
            train, validation, classes=classes, target=target, probe=protocol.probe, device=device, reporter=reporter
        )
        fitted, outputs = head if projection is None else projection.unprojected(head), head.outputs(test)

    def votes(parts: Sequence[LabelledFeatures], rows: Rows) -> Outputs:
        return knn_outputs(
            [part.rows for part in parts],
            np.concatenate([part.labels for part in parts]),
            rows,
            classes=classes,
            target=target,
            k=protocol.neighbours.k,
            temperature=protocol.neighbours.temperature,
            device=device,
        )

    thresholds: Mapping[str, float] = {}
    if form_of(target) == "labels":
        folds = set_apart(train, validation, probe=protocol.probe)
        held = [(fold.choose_on.labels, votes([fold.fit_on], fold.choose_on.rows)) for fold in folds]
        thresholds = validated_thresholds(held, target=target)
    return Predictions(
        fitted=fitted,
        outputs=outputs,
        neighbours=votes([train] if validation is None else [train, validation], test),
        neighbour_thresholds=thresholds,
    )
