"""Every metric computed again from the stored predictions, by the code that computed it first."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from artbench.errors import ArtbenchError
from artbench.leaderboard.paired_scores import outputs_of
from artbench.leaderboard.validation.findings import Findings, some
from artbench.leaderboard.validation.parquet import check_parquet
from artbench.protocol import Protocol
from artbench.records.record import Record
from artbench.records.stored import StoredPredictions, read_predictions
from artbench.specs import TargetKind
from artbench.stats.bootstrap import Estimate, Sampled, combine
from artbench.stats.metrics import METRICS, sample

# Other machines add up in another order.
_ROUNDING = 1e-4
# Clusters are kept as numbers, not names, so that a resample draws others: two bootstrap intervals of 1,000 resamples
# differ by less than this share of their width.
_CHANCE = 0.25
_TOP = 5


def open_predictions(file: Path, record: Record, target: TargetKind, about: Findings) -> StoredPredictions | None:
    """Read the predictions of a record, and see that they are of its kind; None if they can't be used."""
    if record.predictions is None:
        return None
    columns = ["image", "target", "prediction"] + ["confidence"] * (target != "year")
    columns += ["round"] * bool(record.rounds) + ["cluster"] * (record.clusters is not None)
    try:
        check_parquet(file, record.predictions, columns)
        stored = read_predictions(file, record)
        _check_kind(stored, record, target)
        if target == "multi-label":
            _check_lists(file, stored)
    except ArtbenchError as error:
        about.fault(f"predictions: {error.message}")
        return None
    if any(set(image) & set("/\\.") for image in stored.images):
        about.notice(
            "the ids of its images look like names of files, which would be published",
            "`artbench leaderboard publish` puts digests in their place",
        )
    return stored


def _check_kind(stored: StoredPredictions, record: Record, target: TargetKind) -> None:
    kind = "year" if stored.labels.dtype == np.float64 else "single-label" if stored.labels.ndim == 1 else "multi-label"
    if kind != target:
        raise ArtbenchError(f"they are of a {kind} task, not of a {target} one")
    counts = np.bincount(stored.rounds).tolist()
    tests = [round_.test for round_ in record.rounds] or [record.dataset.test]
    if counts != tests or (np.diff(stored.rounds) < 0).any():
        raise ArtbenchError(f"their rounds have {some(counts)} pictures, on record they have {some(tests)}")
    if stored.clusters is None:
        return
    _, firsts = np.unique(stored.clusters, return_index=True)
    if len(firsts) != record.clusters or (np.diff(firsts) < 0).any():
        raise ArtbenchError(f"their clusters are not numbers from 0 to {record.clusters} in order of appearance")


def _check_lists(file: Path, stored: StoredPredictions) -> None:
    """The labels predicted must be those with a probability of at least one half."""
    assert stored.confidence is not None
    try:
        lists = pq.ParquetFile(file).read(["prediction"], use_threads=False)["prediction"].combine_chunks()
        given, lengths = lists.flatten().cast(pa.int64()).to_numpy(), lists.value_lengths().to_numpy()
    except (OSError, ValueError, AttributeError, pa.ArrowException) as error:
        raise ArtbenchError(f"their lists can't be read ({' '.join(str(error).split())[:200]})") from error
    asked = stored.confidence >= 0.5
    if not np.array_equal(lengths, asked.sum(axis=1)) or not np.array_equal(given, np.nonzero(asked)[1]):
        raise ArtbenchError("the labels they predict are not those with a probability of at least one half")


def check_values(
    record: Record, stored: StoredPredictions, target: TargetKind, protocol: Protocol, about: Findings
) -> None:
    """Compare values and intervals with what the predictions give."""
    try:
        rounds = [_sampled(record, stored, target, protocol, number) for number in range(max(1, len(record.rounds)))]
    except (ArtbenchError, ValueError) as error:
        about.fault(f"its metrics can't be computed from its predictions ({error})")
        return
    for number, (round_, found) in enumerate(zip(record.rounds, rounds, strict=False)):
        wrong = [name for name, got in found.items() if not _near(round_.metrics.get(name), got.value)]
        if wrong:
            about.fault(f"round {number}: its predictions give another {', '.join(wrong)}")
    estimates = combine(rounds, bootstrap=protocol.bootstrap)
    given = {name for name, metric in METRICS.items() if metric.target == target and name in estimates}
    if set(record.metrics) - {"top5_accuracy"} != given - {"top5_accuracy"}:
        about.fault(f"its metrics are {', '.join(record.metrics)}; its predictions give {', '.join(sorted(given))}")
    _compare(record, estimates, about)


def _sampled(
    record: Record, stored: StoredPredictions, target: TargetKind, protocol: Protocol, number: int
) -> Mapping[str, Sampled]:
    rows = stored.rounds == number
    probe = record.rounds[number].probe if record.rounds else record.probe
    found = sample(
        stored.labels[rows],
        outputs_of(stored, record.dataset.classes, rows),
        target=target,
        bootstrap=protocol.bootstrap,
        thresholds=probe.thresholds,
        clusters=None if stored.clusters is None else stored.clusters[rows].tolist(),
    )
    # The second most probable class is not kept.
    known = record.dataset.classes <= _TOP
    return {name: sampled for name, sampled in found.items() if known or name != "top5_accuracy"}


def _compare(record: Record, estimates: Mapping[str, Estimate], about: Findings) -> None:
    for name, got in estimates.items():
        metric = record.metrics.get(name)
        if metric is None:
            continue
        if not _near(metric.value, got.value):
            about.fault(f"{name} is {metric.value:.6g} on record; its predictions give {got.value:.6g}")
            continue
        slack = _CHANCE * (got.ci95[1] - got.ci95[0]) if record.clusters is not None else 0.0
        if not all(_near(end, other, slack=slack) for end, other in zip(metric.ci95, got.ci95, strict=True)):
            ends = "{:.6g} to {:.6g}"
            about.fault(
                f"the interval of {name} is {ends.format(*metric.ci95)} on record; its predictions give "
                f"{ends.format(*got.ci95)}"
            )


def _near(value: float | None, other: float, *, slack: float = 0) -> bool:
    return value is not None and abs(value - other) <= _ROUNDING * max(1, abs(other)) + slack
