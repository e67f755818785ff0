"""Compares the predictions of a record with those that its probe gives on features extracted here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.records.predictions import StoredPredictions
from artbench.records.probe import StoredProbe
from artbench.specs import TargetKind

# By how much a probability may differ: another machine adds up in another order, and bfloat16 has three digits.
_TOLERANCE = {"float32": 0.01, "bfloat16": 0.05}
# The same in years.
_YEARS = {"float32": 3.0, "bfloat16": 15.0}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How stored predictions differ from those made here.

    Attributes:
        images: Number of images that were compared.
        differing: Positions of those that differ by more than the tolerance, int64.
        largest: The largest difference, of a probability or in years.
    """

    images: int
    differing: NDArray[np.int64]
    largest: float


def compare_predictions(
    stored: StoredPredictions,
    positions: NDArray[np.int64],
    features: NDArray[np.float32],
    probes: list[StoredProbe],
    *,
    dtype: str,
) -> Compared:
    """Compare some stored predictions with those of the probe of their round.

    Args:
        stored: Predictions of all rounds.
        positions: Which of them, shape (n,).
        features: Features of their images, shape (n, d).
        probes: Probe of each round.
        dtype: Coarsest type that either side computed in.
    """
    gaps = np.empty(len(positions))
    for number, probe in enumerate(probes):
        own = stored.rounds[positions] == number
        gaps[own] = _gaps(stored, positions[own], outputs_of(probe, features[own], stored.target))
    tolerance = (_YEARS if stored.target == "year" else _TOLERANCE)[dtype]
    # NaN, which nothing is above, must not pass.
    return Compared(
        images=len(positions), differing=positions[~(gaps <= tolerance)], largest=float(gaps.max(initial=0))
    )


def outputs_of(probe: StoredProbe, features: NDArray[np.float32], target: TargetKind) -> NDArray[np.float64]:
    """Return probabilities, shape (n, classes), or years, shape (n, 1)."""
    outputs = probe.outputs(features)
    if target == "year":
        return outputs
    with np.errstate(over="ignore"):
        if target == "multi-label":
            chances: NDArray[np.float64] = 1 / (1 + np.exp(-outputs))
            return chances
        raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    normalised: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return normalised


def _gaps(stored: StoredPredictions, positions: NDArray[np.int64], outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(positions):
        return np.zeros(0)
    if stored.confidence is None:
        years: NDArray[np.float64] = np.abs(outputs[:, 0] - np.asarray(stored.predicted, np.float64)[positions])
        return years
    confidence = stored.confidence[positions].astype(np.float64)
    if stored.predicted is None:
        labels: NDArray[np.float64] = np.abs(outputs - confidence).max(axis=1)
        return labels
    predicted = stored.predicted[positions].astype(np.int64)
    # Near a tie another class may come out on top.
    both = np.stack([outputs.max(axis=1), outputs[np.arange(len(outputs)), predicted]])
    chances: NDArray[np.float64] = np.abs(both - confidence).max(axis=0)
    return chances
