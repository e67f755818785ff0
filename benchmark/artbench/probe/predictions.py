"""What a probe and its neighbours say of test images: fitted on training images, whatever the kind of target."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.knn import knn_probabilities
from artbench.probe.linear import FittedProbe, fit_probe
from artbench.probe.ridge import FittedRidge, fit_ridge
from artbench.protocol import Protocol
from artbench.runtime.progress import Reporter
from artbench.specs import TargetKind


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """For the test images.

    Attributes:
        fitted: The probe.
        outputs: What it gives: probabilities, float32, shape (m, classes), or years, float32, shape (m, 1).
        neighbours: The same of the weighted nearest neighbours.
    """

    fitted: FittedProbe | FittedRidge
    outputs: NDArray[np.float32]
    neighbours: NDArray[np.float32]


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
    """Fit on train and validation, and answer for the test; its labels are not given, so that nothing can follow them.

    Args:
        train: What to fit on.
        validation: What to choose the penalty on; None: a share of train.
        test: Features of m images.
        classes: Number of classes of the task.
        target: The kind of label.
        protocol: How to fit.
        device: `cpu`, `cuda`, `mps`.
        reporter: Told if a fit did not converge.

    Raises:
        ArtbenchError: There is nothing to fit on, or a feature is NaN or infinite.
    """
    fitted: FittedProbe | FittedRidge
    if target == "year":
        fitted = fit_ridge(train, validation, probe=protocol.probe, device=device)
        outputs = fitted.years(test)
    else:
        fitted = fit_probe(
            train, validation, classes=classes, target=target, probe=protocol.probe, device=device, reporter=reporter
        )
        outputs = fitted.probabilities(test)
    parts = [train] if validation is None else [train, validation]
    neighbours = knn_probabilities(
        [part.rows for part in parts],
        np.concatenate([part.labels for part in parts]),
        test,
        classes=classes,
        target=target,
        k=protocol.neighbours.k,
        temperature=protocol.neighbours.temperature,
        device=device,
    )
    return Predictions(fitted=fitted, outputs=outputs, neighbours=neighbours)
