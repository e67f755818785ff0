"""The linear probe: regularised logistic regression on frozen features, with the penalty chosen on validation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.outputs import Leading, Outputs, joined
from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.plugins.known import form_of
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.penalty import Fold, PenaltyPath, choose_penalty, set_apart
from artbench.protocol import Probe
from artbench.runtime.progress import Reporter
from artbench.specs import TargetKind
from artbench.stats.metrics import best_thresholds, metrics_of, score

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
        unfitted: Classes or labels that only images have on which the penalty was chosen, in a fold or more.
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
    unfitted: tuple[int, ...] = ()
    converged: bool
    evaluations: int

    def outputs(self, rows: Rows) -> Outputs:
        """Predict n images as `probabilities` does, but keep of one class per image the leading ones alone.

        Raises:
            ArtbenchError: A feature is NaN or infinite.
        """
        _check_finite(rows)
        return outputs_of(rows, self.weight, self.bias, self.target)

    def probabilities(self, rows: Rows) -> NDArray[np.float32]:
        """Predict the probability of each class for n images, float32, shape (n, classes).

        Raises:
            ArtbenchError: A feature is NaN or infinite.
        """
        _check_finite(rows)
        return probabilities_of(rows, self.weight, self.bias, self.target)


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
        validation: Images to choose the penalty on; None for those of train that `set_apart` picks.
        classes: Number of classes of the task, including those without training images.
        target: `single-label` or `multi-label`.
        probe: Settings of the protocol.
        device: `cpu`, `cuda`; with `mps`, which has no float64, the probe runs on the CPU.
        reporter: Receives a notice if a fit did not converge.

    Raises:
        ArtbenchError: There are no training images, or a feature is NaN or infinite.
    """
    place = "cpu" if device == "mps" else device
    folds = set_apart(train, validation, probe=probe)
    paths = [
        PenaltyPath([fold.fit_on], classes=classes, target=target, tolerance=probe.tolerance, device=place)
        for fold in folds
    ]
    choice = choose_penalty(
        probe, folds, fits=[path.at for path in paths], loss=lambda head, part: mean_loss(part, *head, target)
    )
    thresholds, metrics = _on_validation(folds, choice.heads, target)
    converged, evaluations = all(path.converged for path in paths), sum(path.evaluations for path in paths)
    # Free their copies of the features before the next one is made.
    del paths
    everything = [part for part in (train, validation) if part is not None and len(part)]
    if validation is None and train.groups is None and folds:
        # Sums, and so the last digits of a record of linear-v1, depend on the order of the images.
        everything = [folds[0].fit_on, folds[0].choose_on]
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
        unfitted=tuple(sorted(frozenset[int]().union(*(fold.unfitted for fold in folds)))),
        converged=converged,
        evaluations=evaluations + final.evaluations,
    )


def _check_finite(rows: Rows) -> None:
    # Probabilities would hide it: a sigmoid makes an infinite logit 0 or 1.
    if not all(np.isfinite(block).all() for block in rows.blocks()):
        raise ArtbenchError("test features hold NaN or infinity", mend="Extract them anew with --fresh")


def _on_validation(
    folds: Sequence[Fold], heads: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], target: TargetKind
) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return the best thresholds, and every metric that is defined, of the chosen heads on validation."""
    held = [
        (fold.choose_on.labels, outputs_of(fold.choose_on.rows, *head, target))
        for fold, head in zip(folds, heads, strict=True)
    ]
    return validated_thresholds(held, target=target), metrics_on_validation(held, target=target)


def metrics_on_validation(held: Sequence[tuple[Labels, Outputs]], *, target: TargetKind) -> dict[str, float]:
    """Measure every metric that is defined on held-out images, of all folds together; none without any.

    Args:
        held: Labels and predictions of the held-out images of each fold.
        target: Kind of target.
    """
    if not held:
        return {}
    thresholds = validated_thresholds(held, target=target)
    labels, outputs = np.concatenate([one for one, _ in held]), joined([one for _, one in held])
    metrics = {m.name: score(m, labels, outputs, thresholds=thresholds) for m in metrics_of(target)}
    return {name: value for name, value in metrics.items() if not np.isnan(value)}


def validated_thresholds(held: Sequence[tuple[Labels, Outputs]], *, target: TargetKind) -> dict[str, float]:
    """Choose the threshold of every metric that needs one on held-out images, of all folds together; 0.5 without any.

    Args:
        held: Labels and predictions of the held-out images of each fold.
        target: Kind of target.
    """
    if not held:
        return {metric.name: 0.5 for metric in metrics_of(target) if metric.needs_threshold}
    labels, outputs = np.concatenate([one for one, _ in held]), joined([one for _, one in held])
    return best_thresholds(labels, outputs, target=target)


def _logits(rows: Rows, weight: NDArray[np.float64], bias: NDArray[np.float64]) -> Iterator[torch.Tensor]:
    """Yield the logits of some images at a time: of all, they may take more memory than the features."""
    for block in rows.blocks(len(bias)):
        yield torch.from_numpy(block @ weight + bias)


def outputs_of(rows: Rows, weight: NDArray[np.float64], bias: NDArray[np.float64], target: TargetKind) -> Outputs:
    """Predict with a head: of one class per image the leading ones, of labels the probability of each."""
    if form_of(target) == "labels":
        return probabilities_of(rows, weight, bias, target)
    parts = [Leading.of(logits.softmax(dim=1).float().numpy()) for logits in _logits(rows, weight, bias)]
    return joined(parts or [Leading.of(np.zeros((0, len(bias)), np.float32))])


def probabilities_of(
    rows: Rows, weight: NDArray[np.float64], bias: NDArray[np.float64], target: TargetKind
) -> NDArray[np.float32]:
    """Predict the probability of each class or label with a head, float32, shape (n, classes)."""
    probabilities, done = np.empty((len(rows), len(bias)), np.float32), 0
    for logits in _logits(rows, weight, bias):
        block = logits.softmax(dim=1) if form_of(target) == "class" else logits.sigmoid()
        probabilities[done : done + len(block)] = block.float().numpy()
        done += len(block)
    return probabilities


def mean_loss(
    part: LabelledFeatures, weight: NDArray[np.float64], bias: NDArray[np.float64], target: TargetKind
) -> float:
    """Return the mean over images of the loss that is fitted."""
    losses, done = [], 0
    for logits in _logits(part.rows, weight, bias):
        labels = torch.from_numpy(part.labels[done : done + len(logits)])
        done += len(logits)
        if form_of(target) == "class":
            # A class without training images costs the same at every penalty.
            losses.append(-logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0].clamp(min=-_CERTAIN))
        else:
            logits = logits.clamp(-_CERTAIN, _CERTAIN)
            losses.append((torch.nn.functional.softplus(logits) - logits * labels).sum(dim=1))
    return float(torch.cat(losses).mean())
