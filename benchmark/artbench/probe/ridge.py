"""The probe for years: ridge regression on frozen features."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.probe.features import LabelledFeatures, Rows, Scaling
from artbench.probe.penalty import choose_penalty, set_apart
from artbench.protocol import Probe
from artbench.specs import TargetKind
from artbench.stats.metrics import metrics_of, score


@dataclass(frozen=True, kw_only=True)
class FittedRidge:
    """A fitted linear function of features.

    Attributes:
        weight: float64, shape (d,), for features that are not z-scored.
        bias: Intercept in years.
        l2: The penalty chosen.
        grid_losses: Mean squared error on validation for each penalty of the grid; None if it was not tried.
        validation: Every metric on validation at the penalty chosen; empty without validation images.
        thresholds: Always empty, as no metric of years needs one.
        unfitted: Always empty, as years are no classes.
        converged: Always true, as the solution has a closed form.
    """

    weight: NDArray[np.float64]
    bias: float
    l2: float
    grid_losses: tuple[float | None, ...]
    validation: Mapping[str, float]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    unfitted: tuple[int, ...] = ()
    converged: bool = True

    def years(self, rows: Rows) -> NDArray[np.float32]:
        """Predict the years of n images, float32, shape (n, 1).

        Raises:
            ArtbenchError: A feature is NaN or infinite.
        """
        years = _predicted(rows, self.weight, self.bias)
        if not np.isfinite(years).all():
            raise ArtbenchError("test features hold NaN or infinity", mend="Extract them anew with --fresh")
        return years


def fit_ridge(
    train: LabelledFeatures, validation: LabelledFeatures | None, *, target: TargetKind, probe: Probe, device: str
) -> FittedRidge:
    """Choose the penalty by the squared error on validation, then fit on train and validation together.

    The objective is half the mean squared error plus l2 / 2 times the squared norm of the weights of z-scored features
    (Hoerl and Kennard 1970). The covariance of features, or for fewer images than features the features themselves,
    are decomposed once; the exact solution for any penalty is then one division. Arguments are those of `fit_probe`.

    Raises:
        ArtbenchError: There are no training images, or a feature is NaN or infinite.
    """
    place = "cpu" if device == "mps" else device
    folds = set_apart(train, validation, probe=probe)
    choice = choose_penalty(
        probe,
        folds,
        fits=[_Path([fold.fit_on], device=place).at for fold in folds],
        loss=lambda head, part: float(np.square(_predicted(part.rows, *head)[:, 0] - part.labels).mean()),
    )
    metrics = {}
    if folds:
        chosen = zip(folds, choice.heads, strict=True)
        years = np.concatenate([_predicted(fold.choose_on.rows, *head) for fold, head in chosen])
        labels = np.concatenate([fold.choose_on.labels for fold in folds])
        found = {metric.name: score(metric, labels, years) for metric in metrics_of(target)}
        metrics = {name: value for name, value in found.items() if not np.isnan(value)}
    everything = [train] if validation is None else [train, validation]
    weight, bias = _Path(everything, device=place).at(choice.l2)
    return FittedRidge(weight=weight, bias=bias, l2=choice.l2, grid_losses=choice.grid_losses, validation=metrics)


def ridge_at(images: LabelledFeatures, l2: float, *, device: str) -> tuple[NDArray[np.float64], float]:
    """Return weight, float64, shape (d,), and intercept of the ridge regression with one penalty."""
    return _Path([images], device=device).at(l2)


class _Path:
    """Fits on the same images for any penalty."""

    def __init__(self, parts: list[LabelledFeatures], *, device: str) -> None:
        rows = [part.rows for part in parts]
        self._scaling = Scaling.of(rows, ids=[id_ for part in parts for id_ in part.ids])
        years = np.concatenate([part.labels for part in parts]).astype(np.float64)
        self._mean = float(years.mean())
        centred = torch.from_numpy(years - self._mean).to(device)
        blocks = (torch.from_numpy(self._scaling.apply(block)).to(device) for part in rows for block in part.blocks())
        n, width = len(years), rows[0].width
        if n <= width:
            left, singular, right = torch.linalg.svd(torch.cat(list(blocks)), full_matrices=False)
            self._values, self._vectors = singular.square() / n, right.T
            self._along = singular * (left.T @ centred) / n
            return
        covariance = torch.zeros(width, width, dtype=torch.float64, device=device)
        shared = torch.zeros(width, dtype=torch.float64, device=device)
        start = 0
        for block in blocks:
            covariance.addmm_(block.T, block)
            shared += block.T @ centred[start : start + len(block)]
            start += len(block)
        values, self._vectors = torch.linalg.eigh(covariance / n)
        self._values, self._along = values.clamp(min=0), self._vectors.T @ shared / n

    def at(self, l2: float) -> tuple[NDArray[np.float64], float]:
        """Return weight and bias, for features that are not z-scored, of the fit with a penalty."""
        scaled = (self._vectors @ (self._along / (self._values + l2))).cpu().numpy()
        weight: NDArray[np.float64] = scaled * self._scaling.inverse
        return weight, self._mean - float(self._scaling.mean @ weight)


def _predicted(rows: Rows, weight: NDArray[np.float64], bias: float) -> NDArray[np.float32]:
    parts = [block @ weight + bias for block in rows.blocks()]
    return np.concatenate([np.empty(0), *parts]).astype(np.float32)[:, None]
