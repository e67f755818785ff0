"""Compares the predictions of a record with those that its probe gives on features extracted here."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.records.predictions import StoredPredictions
from artbench.records.probe import StoredProbe
from artbench.runtime.text import counted
from artbench.specs import AnswerForm

# By how much a probability may differ: another machine adds up in another order, and bfloat16 has three digits.
_TOLERANCE = {"float32": 0.01, "bfloat16": 0.05}
# The same in years.
_YEARS = {"float32": 3.0, "bfloat16": 15.0}
# By which share of the mean difference between two classes another may be ahead of the predicted one. Where all classes
# are about as probable, as under a large penalty, any would do by probabilities alone.
_TIE = {"float32": 0.01, "bfloat16": 0.05}
# By which share of its mean deviation a year, or the logit of a label, may differ. Small probabilities say nothing
# otherwise, and their order decides the average precision.
_SHIFT = {"float32": 0.02, "bfloat16": 0.5}
# Of fewer images the deviation is not known.
_FEWEST = 8
# What float32 leaves of probabilities and of years.
_ROUNDING = 1e-6
_YEARS_ROUNDING = 0.01


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How stored predictions differ from those made here.

    Attributes:
        images: Number of images that were compared.
        differing: Positions of those that differ by more than the tolerance, int64.
        largest: The largest difference, of a probability or in years; NaN if some are no numbers.
        classes: Number of those whose probability is within the tolerance, but another class is the most probable.
    """

    images: int
    differing: NDArray[np.int64]
    largest: float
    classes: int = 0

    @property
    def told(self) -> str:
        """How those that differ do, in words that follow them."""
        if np.isnan(self.largest):
            return "some are no numbers"
        if self.classes == len(self.differing):
            return f"here another class is the most probable one of {counted(self.classes, 'image')}"
        return f"they differ by up to {self.largest:.2g}"


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
    gaps, same = np.empty(len(positions)), np.empty(len(positions), bool)
    compare = {"class": _classes, "labels": _labels, "number": _years}[stored.form]
    for number, probe in enumerate(probes):
        own = stored.rounds[positions] == number
        if own.any():
            # Images of other rounds tell, too, how much the outputs vary.
            gaps[own], same[own] = compare(stored, positions[own], probe.outputs(features), own, dtype)
    return Compared(
        images=len(positions),
        differing=positions[~same],
        largest=float(gaps.max(initial=0)),
        classes=int((~same & (gaps <= _TOLERANCE[dtype])).sum()) if stored.form == "class" else 0,
    )


def outputs_of(probe: StoredProbe, features: NDArray[np.float32], form: AnswerForm) -> NDArray[np.float64]:
    """Return probabilities, shape (n, classes), or years, shape (n, 1)."""
    return _probabilities(probe.outputs(features), form)


def _probabilities(outputs: NDArray[np.float64], form: AnswerForm) -> NDArray[np.float64]:
    if form == "number":
        return outputs
    with np.errstate(over="ignore"):
        if form == "labels":
            chances: NDArray[np.float64] = 1 / (1 + np.exp(-outputs))
            return chances
        raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    normalised: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return normalised


# Each returns by how much the predictions of a round differ, and whether that is within the tolerance. NaN, which
# nothing is above, is not.
_Found: TypeAlias = tuple[NDArray[np.float64], NDArray[np.bool_]]


def _years(
    stored: StoredPredictions,
    positions: NDArray[np.int64],
    outputs: NDArray[np.float64],
    own: NDArray[np.bool_],
    dtype: str,
) -> _Found:
    gaps = np.abs(outputs[own, 0] - np.asarray(stored.predicted, np.float64)[positions])
    limit = _SHIFT[dtype] * _deviation(outputs) + _YEARS_ROUNDING
    return gaps, gaps <= np.fmin(limit, _YEARS[dtype])


def _labels(
    stored: StoredPredictions,
    positions: NDArray[np.int64],
    outputs: NDArray[np.float64],
    own: NDArray[np.bool_],
    dtype: str,
) -> _Found:
    assert stored.confidence is not None
    given, here = stored.confidence[positions].astype(np.float64), _probabilities(outputs[own], "labels")
    gaps = np.abs(here - given)
    slopes = np.maximum(here * (1 - here), given * (1 - given))
    # Without training images a label has no finite logit.
    limit = _SHIFT[dtype] * _deviation(outputs) * slopes + _ROUNDING
    same: NDArray[np.bool_] = gaps <= np.fmin(limit, _TOLERANCE[dtype])
    return gaps.max(axis=1), np.all(same, axis=1)


def _classes(
    stored: StoredPredictions,
    positions: NDArray[np.int64],
    outputs: NDArray[np.float64],
    own: NDArray[np.bool_],
    dtype: str,
) -> _Found:
    assert stored.confidence is not None
    assert stored.predicted is not None
    predicted, mine = stored.predicted[positions].astype(np.int64), np.flatnonzero(own)
    chances, top = _probabilities(outputs[own], "class"), outputs[own].argmax(axis=1)
    # Near a tie another class may come out on top.
    both = np.stack([chances.max(axis=1), chances[np.arange(len(chances)), predicted]])
    gaps = np.abs(both - stored.confidence[positions]).max(axis=0)
    same = gaps <= _TOLERANCE[dtype]
    for at in np.flatnonzero(same & (top != predicted)) if len(outputs) >= _FEWEST else ():
        ahead = outputs[:, top[at]] - outputs[:, predicted[at]]
        same[at] = ahead[mine[at]] <= _TIE[dtype] * np.abs(ahead).mean() < np.inf
    return gaps, same


def _deviation(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean deviation of each output over images; NaN, which `np.fmin` leaves out, if it is not known."""
    if len(outputs) < _FEWEST:
        return np.full(outputs.shape[1], np.nan)
    with np.errstate(invalid="ignore"):
        found: NDArray[np.float64] = np.abs(outputs - outputs.mean(axis=0)).mean(axis=0)
    return found
