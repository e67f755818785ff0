"""The scores of one record's predictions, on resamples or units that all records of its leaderboard share."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.outputs import Answered, Leading
from artbench.errors import ArtbenchError
from artbench.plugins.known import form_of
from artbench.protocol import Bootstrap, Intervals, Protocol
from artbench.records.format import metric_name
from artbench.records.predictions import StoredPredictions, read_predictions
from artbench.records.publishing import image_digests, list_digest
from artbench.records.record import Record
from artbench.specs import TargetKind
from artbench.stats.contributions import HAVE_PARTS, SUMS, contributions, parts, summed
from artbench.stats.left_out import averaged, left_out
from artbench.stats.metrics import METRICS, sample
from artbench.stats.paired_tests import Scores
from artbench.stats.units import RoundTest, Units, units_of

# Stored single-label predictions have the most probable class alone.
_NOT_KEPT = ("top5_accuracy",)


@dataclass(frozen=True, kw_only=True)
class PairedScores:
    """A record's predictions, reduced to what its primary metric needs.

    Attributes:
        test: Digest of test images, labels, rounds and clusters; records are tested only if they share it.
        labels: Class of each image, int64, shape (n,); None for targets other than single-label.
        rounds: Round of each row, int64, shape (n,).
        clusters: Cluster of each row, int64, shape (n,); None if rows are resampled one by one.
        added: What each image adds to a metric that is a sum, float64, shape (n,); else None. Without resamples for
            accuracy of independent images in one round alone.
        values: The metric in each round, shape (rounds,); None for a sum with resamples.
        resampled: The metric in each round and resample, shape (rounds, resamples), if it is not a sum.
        parts: What each image adds to a metric that is not a sum (`stats.contributions.parts`), float64, shape (n,);
            None if that is not defined or if there are several rounds.
        influence: What each unit adds to the metric (`LeftOut.influence`), shape (units,); None with resamples.
        shares: Share of each unit in the metric, shape (units,); None with resamples.
    """

    test: str
    labels: NDArray[np.int64] | None
    rounds: NDArray[np.int64]
    clusters: NDArray[np.int64] | None
    added: NDArray[np.float64] | None = None
    values: NDArray[np.float64] | None = None
    resampled: NDArray[np.float64] | None = None
    parts: NDArray[np.float64] | None = None
    influence: NDArray[np.float64] | None = None
    shares: NDArray[np.float64] | None = None

    @property
    def by_round(self) -> list[NDArray[np.bool_]]:
        """Mask of the rows of each round."""
        return [self.rounds == number for number in range(int(self.rounds.max()) + 1)]

    @property
    def units(self) -> int:
        """Number of images, or of clusters, in the smallest round."""
        if self.clusters is None:
            return min(int(rows.sum()) for rows in self.by_round)
        return min(len(np.unique(self.clusters[rows])) for rows in self.by_round)


def paired_scores(record: Record, file: Path, *, protocol: Protocol) -> PairedScores:
    """Read and reduce the predictions of a record for the tests of a protocol.

    Raises:
        ArtbenchError: They can't be used for a test; the message says why in a few words.
    """
    metric = METRICS.get(record.primary_metric)
    if metric is None:
        raise ArtbenchError(f"{record.primary_metric} is a metric that no plugin here has")
    if not metric.ranks:
        raise ArtbenchError(f"{metric_name(metric.name)} does not say which encoder is better")
    if metric.name in _NOT_KEPT:
        raise ArtbenchError(f"{record.primary_metric} can't be computed from stored predictions")
    if metric.statistic == "none":
        raise ArtbenchError(f"{metric_name(metric.name)} is a number of whose chance nothing is known")
    stored = read_predictions(file, record)
    _check(stored, record, metric.target)
    found = PairedScores(
        test=digest_of_test(stored),
        labels=stored.labels.astype(np.int64) if form_of(metric.target) == "class" else None,
        rounds=stored.rounds,
        clusters=stored.clusters if record.clusters is not None else None,
    )
    if protocol.intervals is not None:
        return _without_units(found, stored, record, protocol.intervals)
    bootstrap = protocol.bootstrap or Bootstrap()
    if metric.name in SUMS:
        return replace(found, added=_added(stored, record, found.by_round))
    every = [_sampled(stored, record, rows, number, bootstrap) for number, rows in enumerate(found.by_round)]
    values = np.array([value for value, _ in every])
    added = None
    if metric.name in HAVE_PARTS and not stored.rounds.any() and stored.confidence is not None:
        added = parts(metric.name, stored.labels.astype(bool), stored.confidence)
    return replace(found, values=values, resampled=np.stack([resampled for _, resampled in every]), parts=added)


def _without_units(
    found: PairedScores, stored: StoredPredictions, record: Record, intervals: Intervals
) -> PairedScores:
    """Add the metric without each unit."""
    metric = METRICS[record.primary_metric]
    clusters = stored.clusters if record.clusters is not None else None
    units = _units(
        tuple(stored.images.tolist()),
        tuple(stored.rounds.tolist()),
        None if clusters is None else tuple(clusters.tolist()),
        intervals,
    )
    rounds = [
        left_out(
            stored.labels[rows],
            outputs_of(stored, record.dataset.classes, rows),
            target=metric.target,
            units=units[number],
            thresholds=_thresholds(record, number),
            only=[metric.name],
        )[metric.name]
        for number, rows in enumerate(found.by_round)
    ]
    mean = averaged(rounds)
    single = metric.name == "accuracy" and mean.plain
    return replace(
        found,
        added=_added(stored, record, found.by_round) if single else None,
        values=mean.rounds,
        influence=mean.influence,
        shares=mean.shares,
    )


def round_tests(stored: StoredPredictions, *, clustered: bool) -> list[RoundTest]:
    """Return who is tested in each round."""
    return _tests(stored.images, stored.rounds, stored.clusters if clustered else None)


def _tests(
    images: NDArray[np.object_], rounds: NDArray[np.int64], clusters: NDArray[np.int64] | None
) -> list[RoundTest]:
    return [
        RoundTest(
            images=image_digests(images[rows].tolist()), clusters=None if clusters is None else clusters[rows].tolist()
        )
        for rows in (rounds == number for number in range(int(rounds.max()) + 1))
    ]


@lru_cache(maxsize=8)
def _units(
    images: tuple[str, ...], rounds: tuple[int, ...], clusters: tuple[int, ...] | None, intervals: Intervals
) -> list[Units]:
    """Number the units of a test; cached, since the records of a leaderboard share it."""
    numbers = None if clusters is None else np.array(clusters, np.int64)
    return units_of(_tests(np.array(images, object), np.array(rounds, np.int64), numbers), intervals=intervals)


def scores(found: Sequence[PairedScores], record: Record, *, bootstrap: Bootstrap) -> Scores:
    """Score several records with the same test on the same resamples.

    Args:
        found: Scores of each record, all with the same `test`.
        record: Any of these records.
        bootstrap: How to resample.
    """
    first = found[0]
    if first.added is None:
        return Scores(
            values=np.stack([one.values for one in found if one.values is not None]),
            resampled=np.stack([one.resampled for one in found if one.resampled is not None]),
            units=first.units,
        )
    added = np.stack([one.added for one in found if one.added is not None])
    every = [
        summed(
            record.primary_metric,
            added[:, rows],
            labels=None if first.labels is None else first.labels[rows],
            classes=record.dataset.classes,
            bootstrap=bootstrap,
            clusters=None if first.clusters is None else first.clusters[rows].tolist(),
        )
        for rows in first.by_round
    ]
    values, resampled = (np.stack(part, axis=1) for part in zip(*every, strict=True))
    return Scores(values=values, resampled=resampled, units=first.units)


def _check(stored: StoredPredictions, record: Record, target: TargetKind) -> None:
    """Raise unless predictions fit the target, rounds and clusters of the record."""
    if stored.form != form_of(target):
        raise ArtbenchError(f"its predictions are of the form {stored.form}, and {record.primary_metric} is {target}")
    if len(np.unique(stored.rounds)) != max(1, len(record.rounds)):
        raise ArtbenchError("its predictions do not cover its rounds")
    if record.clusters is None:
        return
    if stored.clusters is None:
        raise ArtbenchError("its predictions don't say which images are resampled together")
    if len(np.unique(stored.clusters)) != record.clusters:
        raise ArtbenchError(f"its predictions do not have {record.clusters:,} painters")


def digest_of_test(stored: StoredPredictions) -> str:
    """Return the SHA-256 of test images, labels, rounds and clusters, in hexadecimal."""
    digest = hashlib.sha256(list_digest(tuple(stored.images.tolist())).encode())
    for part in (stored.labels, stored.rounds, stored.clusters):
        digest.update(b"\n" if part is None else f"\n{part.dtype} {part.shape}\n".encode())
        digest.update(b"" if part is None else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _thresholds(record: Record, number: int) -> dict[str, float]:
    """Return the threshold of the primary metric in a round, if it needs one."""
    metric = METRICS[record.primary_metric]
    if not metric.needs_threshold:
        return {}
    chosen = record.thresholds[number]
    if metric.name not in chosen:
        raise ArtbenchError(f"the record has no threshold for {metric.name}")
    return {metric.name: chosen[metric.name]}


def _added(stored: StoredPredictions, record: Record, by_round: Sequence[NDArray[np.bool_]]) -> NDArray[np.float64]:
    outputs = stored.confidence if stored.predicted is None else stored.predicted
    assert outputs is not None
    added = np.empty(len(stored.labels))
    for number, rows in enumerate(by_round):
        thresholds = _thresholds(record, number)
        added[rows] = contributions(record.primary_metric, stored.labels[rows], outputs[rows], thresholds=thresholds)
    return added


def _sampled(
    stored: StoredPredictions, record: Record, rows: NDArray[np.bool_], number: int, bootstrap: Bootstrap
) -> tuple[float, NDArray[np.float64]]:
    """Return the metric in one round, and in its resamples."""
    metric = METRICS[record.primary_metric]
    clusters = stored.clusters if record.clusters is not None else None
    drawn = sample(
        stored.labels[rows],
        outputs_of(stored, record.dataset.classes, rows),
        target=metric.target,
        bootstrap=bootstrap,
        thresholds=_thresholds(record, number),
        clusters=None if clusters is None else clusters[rows].tolist(),
        more=[metric.name],
    )
    return drawn[metric.name].value, drawn[metric.name].resampled.astype(np.float64)


def outputs_of(stored: StoredPredictions, classes: int, rows: NDArray[np.bool_]) -> Answered:
    """Return outputs like those of a probe, single-label ones with the predicted class alone; or what else is."""
    if stored.neighbourhoods is not None:
        return stored.neighbourhoods.take(rows)
    if stored.rankings is not None:
        return stored.rankings.take(rows)
    if stored.predicted is None:
        assert stored.confidence is not None
        # All probabilities of many labels can take gigabytes: without a copy if all are wanted.
        return stored.confidence if rows.all() else stored.confidence[rows]
    if stored.confidence is None:
        return stored.predicted[rows].astype(np.float32)[:, None]
    predicted = stored.predicted[rows].astype(np.int64)
    return Leading(classes=predicted[:, None], probabilities=stored.confidence[rows][:, None], count=classes)
