"""Records that are copies: of a measurement, of weights, or of predictions, however slightly changed."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from artbench.leaderboard.validation.checked import Checked, Peculiar
from artbench.protocol import protocol_named
from artbench.records.predictions import StoredPredictions
from artbench.records.record import backbone_name

# Predictions are copies if what is peculiar to them and the predicted classes agree so far. No two of the published
# encoders reach a correlation above 0.95, and in tasks of one label 0.81.
_CORRELATION = 0.99
_CLASSES = 0.995
# Or if the same classes are predicted where either is wrong: there two published encoders agree on 0.62 at most.
_ERRORS = 0.95
_FEWEST_ERRORS = 50
# Or if the images are in one order of confidence, whatever was done to a few of the classes.
_ORDER = 0.999
_MOST_CLASSES = 0.9
# Variants of one network, such as two sizes of its images, may come near to each other.
_SAME_WEIGHTS = 0.9999
# Most numbers of a record that are compared.
_MOST = 20_000
# Images whose probabilities are averaged at a time.
_ROWS = 256
# Records that are compared with as many others at a time: 0.4 MB each.
_AT_ONCE = 128
# Keeps the labels of one image apart.
_ODD = np.uint64(0x9E3779B97F4A7C15)
# A record with what is peculiar to its predictions.
_Read: TypeAlias = tuple[Checked, Peculiar]


def signature(stored: StoredPredictions) -> NDArray[np.float32] | None:
    """Return what is peculiar to a record's predictions, as it is and as ranks: each of mean 0 and length 1.

    That is the probability of the predicted class; with several labels, or years, what the targets don't explain, since
    they alone make good encoders alike, and weak ones by the means; with
    neighbours, how many share the class alone. Of more than 20,000 numbers a fixed part counts.
    None: all are equal.

    Returns:
        float32, shape (2, numbers).
    """
    flat = _peculiar(stored, _part((stored.labels if stored.confidence is None else stored.confidence).size))
    both = np.stack([flat, rankdata(flat)])
    both -= both.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(both, axis=1, keepdims=True)
    return None if not lengths.all() else (both / lengths).astype(np.float32)


def peculiar_to(stored: StoredPredictions) -> Peculiar | None:
    """Return what is compared of predictions; None: all are equal."""
    found = signature(stored)
    if found is None:
        return None
    if stored.form != "class":
        return Peculiar(signature=found, predicted=None, wrong=None)
    places = _part(len(stored.labels))
    predicted = np.asarray(stored.predicted, np.int32)[places]
    return Peculiar(signature=found, predicted=predicted, wrong=predicted != stored.labels[places])


def _part(numbers: int) -> NDArray[np.int64]:
    """Return the positions that count of so many numbers: all, or a fixed part of 20,000."""
    return np.arange(numbers) if numbers <= _MOST else np.random.default_rng(0).choice(numbers, _MOST, replace=False)


def _peculiar(stored: StoredPredictions, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what is peculiar at some places of the flattened probabilities, years or counts."""
    if stored.neighbourhoods is not None:
        return np.asarray(stored.neighbourhoods.counts[places, 1], np.float64)
    if stored.confidence is None:
        years, predicted = stored.labels.astype(np.float64), np.asarray(stored.predicted, np.float64)
        centred = years - years.mean()
        slope = centred @ predicted / max(float(centred @ centred), np.finfo(np.float64).tiny)
        unexplained: NDArray[np.float64] = (predicted - slope * centred)[places]
        return unexplained
    if stored.labels.ndim == 1:
        return stored.confidence[places].astype(np.float64)
    rows, columns = np.divmod(places, stored.confidence.shape[1])
    means = _means(stored.confidence, stored.labels.astype(bool, copy=False))
    found: NDArray[np.float64] = (
        stored.confidence[rows, columns] - means[stored.labels[rows, columns].astype(int), columns]
    )
    return found


def _means(chances: NDArray[np.float32], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the mean probability of each label among the images without it and with it, shape (2, labels)."""
    sums = np.zeros((2, chances.shape[1]))
    for start in range(0, len(chances), _ROWS):
        some, those = chances[start : start + _ROWS].astype(np.float64), labels[start : start + _ROWS]
        sums[1] += (some * those).sum(axis=0)
        sums[0] += (some * ~those).sum(axis=0)
    having = labels.sum(axis=0)
    return sums / np.maximum([len(labels) - having, having], 1)


def check_copies(records: Sequence[Checked]) -> None:
    """Report measurements, weights and predictions that occur twice; every record concerned is named.

    Nothing in a record proves which of two was first: dates and names can be written as one likes.
    """
    for group in grouped(records, lambda one: one.record.id):
        _blame(group, lambda one: f"it has the same measurement ({one.record.id}) as")
    for group in grouped(records, lambda one: (one.record.board, backbone_name(one.record), _weights(one))):
        _blame(_one_each(group), lambda one: f"it has the same weights of {one.record.backbone} as")
    for group in grouped((one for one in records if one.digest is not None), _predictions):
        if len({_width(one) for one in group}) > 1:
            _blame(group, lambda _: "among widths that differ it has the very predictions of")
    for group in grouped(records, lambda one: (one.record.board, one.test)):
        _check_predictions([one for one in _one_each(group) if one.digest is not None])
    for group in grouped(records, lambda one: one.record.board):
        _check_other_tests([one for one in _one_each(group) if one.digest is not None])


def _predictions(one: Checked) -> Hashable:
    """Return what only records of the same test, weights and predictions share, whatever their protocol."""
    return one.record.task, one.test, _weights(one), one.digest


def _width(one: Checked) -> int | None:
    protocol = protocol_named(one.record.protocol)
    return None if protocol is None else protocol.width


def _check_predictions(records: Sequence[Checked]) -> None:
    """Report copies among records of one test, each with one other: of a thousand there are half a million pairs."""
    named: set[str] = set()
    for ours, theirs in _blocks(records):
        alike = _correlations(ours, theirs)
        for at, one in enumerate(ours):
            for number, other in enumerate(ours[:at] if theirs is ours else theirs):
                if _are_copies(one, other, alike[:, at, number]):
                    _name(one[0], other[0], named)


def _check_other_tests(records: Sequence[Checked]) -> None:
    """Report copies among records whose tests lack other images, by the images that they share."""
    named: set[str] = set()
    for ours, theirs in _blocks(records) if len({one.test for one in records}) > 1 else ():
        keys, others = [_keys(*one) for one in ours], [_keys(*other) for other in theirs]
        for at, one in enumerate(ours):
            for number, other in enumerate(ours[:at] if theirs is ours else theirs):
                if one[0].test != other[0].test:
                    _compare_shared(one, other, (keys[at], others[number]), named)


def _compare_shared(
    one: _Read, other: _Read, keys: tuple[NDArray[np.uint64], NDArray[np.uint64]], named: set[str]
) -> None:
    _, here, there = np.intersect1d(*keys, return_indices=True)
    # Of two large tests each has a part of its own.
    if 10 * len(here) < min(map(len, keys)):
        return
    ours, theirs = _taken(one[1], here), _taken(other[1], there)
    if _are_copies((one[0], ours), (other[0], theirs), (ours.signature * theirs.signature).sum(axis=1)):
        _name(one[0], other[0], named)


def _blocks(records: Sequence[Checked]) -> Iterator[tuple[list[_Read], list[_Read]]]:
    """Yield some records and those before them, which may be the same list: what is peculiar to all need not fit."""
    for start in range(0, len(records), _AT_ONCE):
        ours = _read(records[start : start + _AT_ONCE])
        for before in range(0, start + 1, _AT_ONCE):
            yield ours, ours if before == start else _read(records[before : before + _AT_ONCE])


def _read(records: Sequence[Checked]) -> list[_Read]:
    return [(one, one.peculiar()) for one in records]


def _correlations(ours: Sequence[_Read], theirs: Sequence[_Read]) -> NDArray[np.float32]:
    """Return the correlations of each with each, of values and of ranks, shape (2, ours, theirs)."""
    sides = [[np.stack([one.signature[side] for _, one in some]) for some in (ours, theirs)] for side in (0, 1)]
    return np.stack([one @ other.T for one, other in sides])


def _name(one: Checked, other: Checked, named: set[str]) -> None:
    """Report both records of a pair, unless they have been."""
    for blamed, source in ((one, other), (other, one)):
        if blamed.about.file not in named:
            found = f"the predictions are those of {source.about.file}, or all but so"
            blamed.about.fault(found, "Keep one")
            named.add(blamed.about.file)


def _keys(one: Checked, peculiar: Peculiar) -> NDArray[np.uint64]:
    """Return what each number of a signature is of, in digits."""
    rows, labels = one.rows(), max(1, one.record.dataset.classes) if peculiar.predicted is None else 1
    places = _part(len(rows) * labels)
    found: NDArray[np.uint64] = rows[places // labels] + (places % labels).astype(np.uint64) * _ODD
    return found


def _taken(peculiar: Peculiar, places: NDArray[np.int64]) -> Peculiar:
    """Return a part of what is peculiar, with a signature of mean 0 and length 1 again."""
    part = peculiar.signature[:, places]
    part = part - part.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(part, axis=1, keepdims=True)
    return Peculiar(
        signature=part / np.where(lengths, lengths, 1),
        predicted=None if peculiar.predicted is None else peculiar.predicted[places],
        wrong=None if peculiar.wrong is None else peculiar.wrong[places],
    )


def _are_copies(one: _Read, other: _Read, correlations: NDArray[np.float32]) -> bool:
    """Say so by the correlations of what is peculiar to two records, and of its ranks."""
    (our, ours), (their, theirs) = one, other
    same_weights, correlation = _weights(our) == _weights(their), float(correlations.max())
    if same_weights and our.record.backbone == their.record.backbone:
        return False
    if ours.predicted is None or theirs.predicted is None or ours.wrong is None or theirs.wrong is None:
        return correlation >= (_SAME_WEIGHTS if same_weights else _CORRELATION)
    same = ours.predicted == theirs.predicted
    if same_weights:
        return correlation >= _SAME_WEIGHTS and float(same.mean()) >= _SAME_WEIGHTS
    if correlation >= _CORRELATION and float(same.mean()) >= _CLASSES:
        return True
    if float(correlations[1]) >= _ORDER and float(same.mean()) >= _MOST_CLASSES:
        return True
    wrong = ours.wrong | theirs.wrong
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
