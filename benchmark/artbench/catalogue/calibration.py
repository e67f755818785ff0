"""Probabilities that mean what they say: one temperature, fitted on images that the probe was not fitted on.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import brentq

from artbench.data.targets import Labels
from artbench.plugins.known import form_of
from artbench.probe.out_of_fold import HeldOutFold
from artbench.specs import TargetKind

# Smallest and largest inverse temperature that is tried.
_LEAST, _MOST = 0.05, 20.0
# Log odds that float64 can't tell from certainty.
_CERTAIN = 35.0


def fitted_temperature(folds: Sequence[HeldOutFold], labels: Labels, *, target: TargetKind) -> float:
    """Return the temperature that makes out-of-fold probabilities most likely; 1 if there is nothing to fit it on.

    Logits are divided by it before the softmax, or before every sigmoid. The loss is convex in its inverse, so its
    slope has one zero; nothing but a pass over the features in blocks is needed for each slope.

    Args:
        folds: Probes, each with the images that it was not fitted on.
        labels: Labels of all images, as `Split.labels`.
        target: A kind of target whose answers are classes or labels.
    """
    if not any(fold.judged.any() for fold in folds):
        return 1.0

    def slope(inverse: float) -> float:
        return sum(_slope(fold, labels[fold.positions], inverse, target) for fold in folds)

    if slope(_LEAST) >= 0:
        return 1 / _LEAST
    if slope(_MOST) <= 0:
        return 1 / _MOST
    return 1 / float(brentq(slope, _LEAST, _MOST, xtol=1e-4))


def _slope(fold: HeldOutFold, labels: Labels, inverse: float, target: TargetKind) -> float:
    """Return the derivative of a fold's log loss by the inverse temperature."""
    # A class or label that the other folds can't tell anything about has a probability of 0 or 1 at any temperature.
    learnt = np.isfinite(fold.bias)
    weight, bias = fold.weight[:, learnt], fold.bias[learnt]
    total, done = 0.0, 0
    for block in fold.rows.blocks(len(bias)):
        part = slice(done, done + len(block))
        done += len(block)
        logits = torch.from_numpy(block @ weight + bias)
        if form_of(target) == "class":
            judged = torch.from_numpy(fold.judged[part])
            places = torch.from_numpy(np.cumsum(learnt) - 1)[torch.from_numpy(labels[part].astype(np.int64))]
            expected = ((inverse * logits).softmax(dim=1) * logits).sum(dim=1)
            slopes = expected - logits.gather(1, places.clamp(min=0)[:, None])[:, 0]
            total += float(slopes[judged].sum())
        else:
            given = torch.from_numpy(labels[part][:, learnt]).double()
            total += float((((inverse * logits).sigmoid() - given) * logits).sum())
    return total


def log_loss(probabilities: NDArray[np.floating], labels: Labels) -> float:
    """Return the mean over images of -log of the probability of what is right; of labels, summed over them.

    Args:
        probabilities: Shape (n, classes).
        labels: Classes, int64, shape (n,), or labels, bool, shape (n, classes).
    """
    least = np.exp(-_CERTAIN)
    if labels.ndim == 1:
        right = probabilities[np.arange(len(labels)), labels.astype(np.int64)].astype(np.float64)
        return float(-np.log(np.maximum(right, least)).mean())
    right = np.where(labels, probabilities, 1 - probabilities.astype(np.float64))
    return float(-np.log(np.maximum(right, least)).sum(axis=1).mean())
