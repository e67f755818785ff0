"""The probe: regularised logistic regression on frozen features, its penalty chosen without a look at the test."""

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

# A logarithm of odds that float64 can't tell from certainty.
_CERTAIN = 35.0


@dataclass(frozen=True, kw_only=True)
class FittedProbe:
    """A linear head on features, and how it was chosen.

    Attributes:
        weight: float64, shape (d, classes), for features as they are, not z-scored.
        bias: float64, shape (classes,); -inf for a class that no training image has.
        target: Softmax (`single-label`) or one sigmoid a label (`multi-label`).
        l2: The penalty chosen.
        grid_losses: The mean loss on validation for each penalty of the grid; None where it was not tried.
        validation: Every metric on validation that has a value, at the penalty chosen; empty if nothing was chosen.
        thresholds: For the metrics that need one, the best on validation; 0.5 where there is nothing to choose on.
        converged: Whether every fit met the convergence test.
        evaluations: Passes over the features, over all fits; of labels solved apart, those that needed most.
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
        """The probability of each class, float32, shape (n, classes), for the features of n images.

        Raises:
            ArtbenchError: A feature is NaN or infinite.
        """
        # The probabilities would not tell: a sigmoid makes an infinite logit 0 or 1.
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
    """Choose the penalty by the loss on validation, fit on train and validation together.

    The penalties are tried from the largest down, each fit starting from the one before; after
    `probe.patience` of them without a smaller loss the rest is left out.

    Args:
        train: What to fit on.
        validation: What to choose on; None: the share of train that `held_out` picks.
        classes: Number of classes of the task, also those that no image here has.
        target: One class per image, or any number of labels.
        probe: The protocol's choices.
        device: `cpu`, `cuda`; `mps` has no float64, so there the probe runs on the CPU.
        reporter: Told if a fit did not converge.

    Raises:
        ArtbenchError: There is nothing to fit on, or a feature is NaN or infinite.
    """
    place = "cpu" if device == "mps" else device
    fit_on, choose_on = set_apart(train, validation, probe=probe)
    path = PenaltyPath([fit_on], classes=classes, target=target, tolerance=probe.tolerance, device=place)
    choice = choose_penalty(probe, choose_on, fit=path.at, loss=lambda head: _loss(choose_on, *head, target))
    thresholds, metrics = _on_validation(choose_on, choice.head, target)
    converged, evaluations = path.converged, path.evaluations
    # Two copies of the features are more than needed at a time.
    del path
    everything = [part for part in (fit_on, choose_on) if len(part)]
    final = PenaltyPath(everything, classes=classes, target=target, tolerance=probe.tolerance, device=place)
    # By way of the larger penalties, each fit a good start for the next.
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
    """The best thresholds, and every metric that has a value there, of the head chosen."""
    if head is None:
        # Nothing to choose by: a label is predicted when it is likelier than not.
        return {name: 0.5 for name, m in METRICS.items() if m.target == target and m.needs_threshold}, {}
    probabilities = _probabilities(choose_on.rows, *head, target)
    thresholds = best_thresholds(choose_on.labels, probabilities, target=target)
    metrics = {
        name: value
        for name, metric in METRICS.items()
        if metric.target == target
        and not np.isnan(value := score(metric, choose_on.labels, probabilities, thresholds=thresholds))
    }
    return thresholds, metrics


def _logits(rows: Rows, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> torch.Tensor:
    parts = [block @ weight + bias for block in rows.blocks(len(bias))]
    return torch.from_numpy(np.concatenate(parts) if parts else np.zeros((0, len(bias))))


def _probabilities(
    rows: Rows, weight: NDArray[np.float64], bias: NDArray[np.float64], target: TargetKind
) -> NDArray[np.float32]:
    logits = _logits(rows, weight, bias)
    given: NDArray[np.float32] = (
        (logits.softmax(dim=1) if target == "single-label" else logits.sigmoid()).float().numpy()
    )
    return given


def _loss(part: LabelledFeatures, weight: NDArray[np.float64], bias: NDArray[np.float64], target: TargetKind) -> float:
    """The mean over the images of the loss that is fitted."""
    logits, labels = _logits(part.rows, weight, bias), torch.from_numpy(part.labels)
    if target == "single-label":
        # A class that was not there to be learnt costs the same at every penalty.
        chances = logits.log_softmax(dim=1).clamp(min=-_CERTAIN)
        return -float(chances.gather(1, labels[:, None]).mean())
    logits = logits.clamp(-_CERTAIN, _CERTAIN)
    return float((torch.nn.functional.softplus(logits) - logits * labels).sum(dim=1).mean())
