"""Whether a probe was fitted on the training split: a test of its first-order condition on some training images.

The penalised loss of the training split is strictly convex in the weights, and at its minimum the gradient is 0. So the
gradient has mean 0 over training images in every direction. Here the direction is that in which the loss of some test
images falls: a probe that was fitted on them as well has a gradient on the training images that points the other way.

A probe of a common width has that minimum among the weights that the training images' principal components span. Their
components are not known here, but the probe's weights lie in that span, and so does every direction made of them. Along
these the penalty, on z-scored components, is the mean product of what weights and direction make of a centred image,
because components are uncorrelated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from artbench.records.probe import StoredProbe
from artbench.specs import AnswerForm
from artbench.verify.predictions import outputs_of

# Fewer training images say too little of how much the gradient varies.
FEWEST = 30
# An honest record is refused once in so many: a folder of 100 records once in a hundred folders.
LEVEL = 1e-4
_TINY = 1e-12
# Weights on record are rounded to 2**-13; directions that are weaker than this share of the strongest may be rounding.
_SPANNED = 1e-2


@dataclass(frozen=True)
class Sample:
    """Features, shape (n, d), and labels of some images, as `Split.labels`."""

    features: NDArray[np.float32]
    labels: NDArray[np.generic]


@dataclass(frozen=True, kw_only=True)
class FitTest:
    """The test of the first-order condition.

    Attributes:
        t: Student's statistic: negative if a step that improves the test would worsen training.
        p: Its two-sided p.
    """

    t: float
    p: float

    @property
    def refuted(self) -> bool:
        """Whether the probe is not the one of the training split."""
        return self.p < LEVEL


def first_order_test(
    probe: StoredProbe, train: Sample, test: Sample, *, l2: float, form: AnswerForm, reduced: bool = False
) -> FitTest | None:
    """Test that a probe minimises the penalised loss of the split that `train` was drawn from.

    Args:
        probe: The probe.
        train: Training images, drawn at random after the probe was submitted.
        test: Test images, drawn likewise.
        l2: Its penalty, on weights of z-scored features.
        form: Form of the answers.
        reduced: Whether it was fitted on the principal components of its training images, at a common width.

    Returns:
        None: there are too few images, or the gradient does not vary.
    """
    if len(train.features) < FEWEST or not len(test.features):
        return None
    mean = train.features.mean(axis=0, dtype=np.float64)
    scale = np.maximum(train.features.std(axis=0, dtype=np.float64), _TINY)
    fitted, tested = ((part.features - mean) / scale for part in (train, test))
    weight = probe.weight.astype(np.float64) * scale[:, None]
    direction = tested.T @ _residuals(probe, test, form) / len(tested)
    if reduced:
        direction = _within(weight, direction)
    # Of each image: its gradient of the loss, and of the penalty, whose share is the variance of its features.
    moved = fitted @ direction
    along = (moved * _residuals(probe, train, form)).sum(axis=1)
    along += l2 * (
        (moved * (fitted @ weight)).sum(axis=1) if reduced else np.square(fitted) @ (direction * weight).sum(axis=1)
    )
    error = float(along.std(ddof=1)) / np.sqrt(len(along))
    if not np.isfinite(error) or error <= _TINY * max(1.0, float(np.abs(along).max())):
        return None
    value = float(along.mean()) / error
    return FitTest(t=value, p=2 * float(student.sf(abs(value), len(along) - 1)))


def _within(weight: NDArray[np.float64], direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the part of a direction that the weights span."""
    basis, strengths, _ = np.linalg.svd(weight, full_matrices=False)
    spanned = basis[:, strengths > _SPANNED * strengths[0]]
    part: NDArray[np.float64] = spanned @ (spanned.T @ direction)
    return part


def _residuals(probe: StoredProbe, part: Sample, form: AnswerForm) -> NDArray[np.float64]:
    outputs = outputs_of(probe, part.features, form)
    if form == "number":
        return outputs - part.labels.astype(np.float64)[:, None]
    if form == "labels":
        return outputs - part.labels.astype(np.float64)
    outputs[np.arange(len(outputs)), part.labels.astype(np.int64)] -= 1
    return outputs
