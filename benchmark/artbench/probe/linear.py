"""The linear probe: regularised logistic regression on frozen features, with the penalty chosen on validation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.penalty import PenaltyPath, choose_penalty, set_apart
from artbench.protocol import Probe
from artbench.runtime.progress import Reporter
from artbench.specs import TargetKind
from artbench.stats.metrics import METRICS, best_thresholds, score

# Log odds that float64 can't tell from certainty.
_CERTAIN = 35.0


@dataclass(frozen=True, kw_only=True)
class FittedProbe:
    """A fitted linear head.

    Attributes:
        weight: float64, shape (d, classes), for features that are not z-scored.
        bias: float64, shape (classes,); -inf for a class without training images.
        target: Softmax (`single-label`) or one sigmoid per label (`multi-label`).
        l2: The penalty chosen.
        grid_losses: Mean loss on validation for each penalty of the grid; None if it was not tried.
        validation: Every metric that is defined on validation, at the penalty chosen; empty without validation images.
        thresholds: Best threshold on validation, by metric; 0.5 without validation images.
        converged: Whether every fit met the convergence test.
        evaluations: Passes over the features in all fits; the most of any group of labels.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    target: TargetKind
    l2: float
    grid_losses: tuple[float | None, ...]
    validation: Mapping[str, float]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    converged: bool
    evaluations: int

    def probabilities(self, rows: Rows) -> NDArray[np.float32]:
        """Predict the probability of each class for n images, float32, shape (n, classes).

        Raises:
            ArtbenchError: A feature is NaN or infinite.
        """
        # Probabilities would hide it: a sigmoid makes an infinite logit 0 or 1.
        if not all(np.isfinite(block).all() for block in rows.blocks()):
            raise ArtbenchError("test features hold NaN or infinity", mend="Extract them anew with --fresh")
        return _probabilities(rows, self.weight, self.bias, self.target)


def fit_probe(
    train: LabelledFeatures,
    validation: LabelledFeatures | None,
    *,
    classes: int,
    target: TargetKind,
    probe: Probe,
    device: str,
    reporter: Reporter,
) -> FittedProbe:
    """Choose the penalty by the loss on validation, then fit on train and validation together.

    Args:
        train: Training images.
        validation: Images to choose the penalty on; None for the share of train that `held_out` picks.
        classes: Number of classes of the task, including those without training images.
        target: `single-label` or `multi-label`.
        probe: Settings of the protocol.
        device: `cpu`, `cuda`; with `mps`, which has no float64, the probe runs on the CPU.
        reporter: Receives a notice if a fit did not converge.

    Raises:
        ArtbenchError: There are no training images, or a feature is NaN or infinite.
    """
    place = "cpu" if device == "mps" else device
    fit_on, choose_on = set_apart(train, validation, probe=probe)
    path = PenaltyPath([fit_on], classes=classes, target=target, tolerance=probe.tolerance, device=place)
    choice = choose_penalty(probe, choose_on, fit=path.at, loss=lambda head: _loss(choose_on, *head, target))
    thresholds, metrics = _on_validation(choose_on, choice.head, target)
    converged, evaluations = path.converged, path.evaluations
    # Free its copy of the features before the next one is made.
    del path
    everything = [part for part in (fit_on, choose_on) if len(part)]
    final = PenaltyPath(everything, classes=classes, target=target, tolerance=probe.tolerance, device=place)
    # Along the larger penalties, as each fit is a good start for the next.
    for l2 in sorted((l2 for l2 in probe.grid if l2 >= choice.l2), reverse=True):
        weight, bias = final.at(l2)
    converged &= final.converged
    if not converged:
        reporter.notice("the probe did not meet its convergence test; the record says so")
    return FittedProbe(
        weight=weight,
        bias=bias,
        target=target,
        l2=choice.l2,
        grid_losses=choice.grid_losses,
        validation=metrics,
        thresholds=thresholds,
        converged=converged,
        evaluations=evaluations + final.evaluations,
    )


def _on_validation(
    choose_on: LabelledFeatures, head: tuple[NDArray[np.float64], NDArray[np.float64]] | None, target: TargetKind
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return the best thresholds, and every metric that is defined, of the chosen head on validation."""
    if head is None:
        return {name: 0.5 for name, m in METRICS.items() if m.target == target and m.needs_threshold}, {}
    probabilities = _probabilities(choose_on.rows, *head, target)
    thresholds = best_thresholds(choose_on.labels, probabilities, target=target)
    ours = {name: metric for name, metric in METRICS.items() if metric.target == target}
    metrics = {n: score(m, choose_on.labels, probabilities, thresholds=thresholds) for n, m in ours.items()}
    return thresholds, {name: value for name, value in metrics.items() if not np.isnan(value)}


def _logits(rows: Rows, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> torch.Tensor:
    parts = [block @ weight + bias for block in rows.blocks(len(bias))]
    return torch.from_numpy(np.concatenate(parts) if parts else np.zeros((0, len(bias))))


def _probabilities(
    rows: Rows, weight: NDArray[np.float64], bias: NDArray[np.float64], target: TargetKind
) -> NDArray[np.float32]:
    logits = _logits(rows, weight, bias)
    probabilities = logits.softmax(dim=1) if target == "single-label" else logits.sigmoid()
    return np.asarray(probabilities.float().numpy(), np.float32)


def _loss(part: LabelledFeatures, weight: NDArray[np.float64], bias: NDArray[np.float64], target: TargetKind) -> float:
    """Return the mean over images of the loss that is fitted."""
    logits, labels = _logits(part.rows, weight, bias), torch.from_numpy(part.labels)
    if target == "single-label":
        # A class without training images costs the same at every penalty.
        chances = logits.log_softmax(dim=1).clamp(min=-_CERTAIN)
        return -float(chances.gather(1, labels[:, None]).mean())
    logits = logits.clamp(-_CERTAIN, _CERTAIN)
    return float((torch.nn.functional.softplus(logits) - logits * labels).sum(dim=1).mean())
