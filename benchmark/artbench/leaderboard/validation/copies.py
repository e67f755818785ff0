"""Records that are copies: of a measurement, of weights, or of predictions, however slightly changed."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from artbench.leaderboard.validation.checked import Checked
from artbench.records.predictions import StoredPredictions

# Predictions are copies if what is peculiar to them and the predicted classes agree so far. No two of the published
# encoders reach a correlation above 0.95, and in tasks of one label 0.81.
_CORRELATION = 0.99
_CLASSES = 0.995
# Or if the same classes are predicted where either is wrong: there two published encoders agree on 0.62 at most.
_ERRORS = 0.95
_FEWEST_ERRORS = 50
# Variants of one network, such as two sizes of its images, may come near to each other.
_SAME_WEIGHTS = 0.9999
# Most numbers of a record that are compared.
_MOST = 20_000


def signature(stored: StoredPredictions) -> NDArray[np.float32] | None:
    """Return what is peculiar to a record's predictions, as it is and as ranks: each of mean 0 and length 1.

    That is the probability of the predicted class; with several labels, or years, what the targets don't explain, since
    they alone make good encoders alike, and weak ones by the means. Of more than 20,000 numbers a fixed part counts.
    None: all are equal.

    Returns:
        float32, shape (2, numbers).
    """
    flat = _peculiar(stored).ravel()
    if len(flat) > _MOST:
        flat = flat[np.random.default_rng(0).choice(len(flat), _MOST, replace=False)]
    both = np.stack([flat, rankdata(flat)])
    both -= both.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(both, axis=1, keepdims=True)
    return None if not lengths.all() else (both / lengths).astype(np.float32)


def _peculiar(stored: StoredPredictions) -> NDArray[np.float64]:
    if stored.confidence is None:
        years, predicted = stored.labels.astype(np.float64), np.asarray(stored.predicted, np.float64)
        centred = years - years.mean()
        slope = centred @ predicted / max(float(centred @ centred), np.finfo(np.float64).tiny)
        unexplained: NDArray[np.float64] = predicted - slope * centred
        return unexplained
    chances = stored.confidence.astype(np.float64)
    if stored.labels.ndim == 1:
        return chances
    # Without the mean of each label among the images that have it, and among those that don't.
    for side in (stored.labels.astype(bool), ~stored.labels.astype(bool)):
        means = (chances * side).sum(axis=0) / np.maximum(side.sum(axis=0), 1)
        chances = chances - side * means
    return chances


def check_copies(records: Sequence[Checked]) -> None:
    """Report measurements, weights and predictions that occur twice; every record concerned is named.

    Nothing in a record proves which of two was first: dates and names can be written as one likes.
    """
    for group in grouped(records, lambda one: one.record.id):
        _blame(group, lambda one: f"it has the same measurement ({one.record.id}) as")
    for group in grouped(records, lambda one: (one.record.board, one.record.backbone, _weights(one))):
        _blame(_one_each(group), lambda one: f"it has the same weights of {one.record.backbone} as")
    for group in grouped(records, lambda one: (one.record.board, one.test)):
        comparable = [one for one in _one_each(group) if one.test is not None and one.signature is not None]
        _check_predictions(comparable)


def _check_predictions(records: Sequence[Checked]) -> None:
    if len(records) < 2:
        return
    signatures = np.stack([one.signature for one in records if one.signature is not None])
    for number, one in enumerate(records):
        alike = (signatures[:number] * signatures[number]).sum(axis=2).max(axis=1) if number else ()
        for other, correlation in zip(records, alike, strict=False):
            if _are_copies(one, other, float(correlation)):
                for blamed, named in ((one, other), (other, one)):
                    blamed.about.fault(f"the predictions are those of {named.about.file}, or all but so", "Keep one")


def _are_copies(one: Checked, other: Checked, correlation: float) -> bool:
    same_weights = _weights(one) == _weights(other)
    if same_weights and one.record.backbone == other.record.backbone:
        return False
    ours, theirs = one.predicted, other.predicted
    if ours is None or theirs is None:
        return correlation >= (_SAME_WEIGHTS if same_weights else _CORRELATION)
    same = ours == theirs
    if same_weights:
        return correlation >= _SAME_WEIGHTS and float(same.mean()) >= _SAME_WEIGHTS
    if correlation >= _CORRELATION and float(same.mean()) >= _CLASSES:
        return True
    assert one.labels is not None
    wrong = (ours != one.labels) | (theirs != one.labels)
    return int(wrong.sum()) >= _FEWEST_ERRORS and float(same[wrong].mean()) >= _ERRORS


def _one_each(records: Sequence[Checked]) -> list[Checked]:
    """Return one record of each measurement."""
    return list({one.record.id: one for one in records}.values())


def _blame(group: Sequence[Checked], said: Callable[[Checked], str]) -> None:
    for one in group if len(group) > 1 else ():
        other = next(each for each in group if each is not one)
        one.about.fault(f"{said(one)} {other.about.file}", "Keep one")


def grouped(records: Iterable[Checked], key: Callable[[Checked], Hashable]) -> list[list[Checked]]:
    """Group records by a key; in each group they are sorted by file."""
    ordered = sorted(records, key=lambda one: (repr(key(one)), one.about.file))
    return [list(group) for _, group in groupby(ordered, key=lambda one: repr(key(one)))]


def _weights(one: Checked) -> str:
    return one.record.encoder.weights_sha256
