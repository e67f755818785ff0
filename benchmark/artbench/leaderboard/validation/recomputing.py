"""Recomputes every metric and table of a record from its stored predictions, with the code that made them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.leaderboard.paired_scores import outputs_of, round_tests
from artbench.leaderboard.validation.files import check_parquet
from artbench.leaderboard.validation.findings import RERUN, FileFindings, some
from artbench.plugins.known import form_of
from artbench.protocol import Protocol, protocol_named
from artbench.records.neighbourhoods import COLUMNS as NEIGHBOURS
from artbench.records.parquet import StoredTable
from artbench.records.predictions import StoredPredictions, read_predictions
from artbench.records.probe import COLUMNS, read_probes
from artbench.records.rankings import COLUMNS as RANKED
from artbench.records.record import Record, TableName
from artbench.runtime.names import why_unfit
from artbench.specs import AnswerForm, TargetKind
from artbench.stats.metrics import METRICS
from artbench.stats.per_class import Columns, class_table, confusion, ranking_table, single_class_table
from artbench.stats.scoring import Scored, Scorer

# Other machines sum in another order.
_ROUNDING = 1e-4
# Singular values of weights that may be rounding, as a share of the largest.
_SPANNED = 1e-2
_TOP = 5
_CLASSES = ("class", "support", "predicted", "precision", "recall", "f1")
_RANKED = (*_CLASSES, "average_precision", "average_precision_11_point")
_CONFUSION = ("target", "prediction", "count")
_COLUMNS: Mapping[AnswerForm, Mapping[TableName, tuple[str, ...]]] = {
    "class": {"classes": _CLASSES, "confusion": _CONFUSION},
    "labels": {"classes": _RANKED},
    "number": {},
    "ranking": {},
    "neighbours": {},
}


def open_predictions(file: Path, record: Record, target: TargetKind, about: FileFindings) -> StoredPredictions | None:
    """Read the predictions of a record and check their kind; None if they can't be used."""
    if record.predictions is None:
        return None
    form = form_of(target)
    columns = ["image", "target"] + (NEIGHBOURS if form == "neighbours" else ["prediction"])
    columns += ["confidence"] * (form not in ("number", "neighbours")) + RANKED * (form == "ranking")
    columns += ["round"] * bool(record.rounds) + ["cluster"] * (record.clusters is not None)
    try:
        opened = check_parquet(file, record.predictions, columns)
        stored = read_predictions(file, record)
        _check_kind(stored, record, target)
        if form == "labels":
            _check_lists(opened, stored)
    except ArtbenchError as error:
        about.fault(f"predictions: {error.message}")
        return None
    if any(set(image) & set("/\\.") for image in stored.images):
        about.notice(
            "its image ids look like file names, which would be published",
            "`artbench leaderboard publish` replaces them by digests",
        )
    return stored


def _check_kind(stored: StoredPredictions, record: Record, target: TargetKind) -> None:
    if stored.form != form_of(target):
        raise ArtbenchError(f"the predictions are of the form {stored.form}, but the task is {target}")
    counts = np.bincount(stored.rounds).tolist()
    tests = [round_.test for round_ in record.rounds] or [record.dataset.test]
    if counts != tests or (np.diff(stored.rounds) < 0).any():
        raise ArtbenchError(f"the rounds have {some(counts)} images; the record says {some(tests)}")
    pairs = list(zip(stored.rounds.tolist(), stored.images.tolist(), strict=True))
    if len(set(pairs)) < len(pairs):
        raise ArtbenchError("an image is there twice in a round")
    _check_draws(stored, record)
    if stored.clusters is None:
        return
    _, firsts = np.unique(stored.clusters, return_index=True)
    if len(firsts) != record.clusters or (np.diff(firsts) < 0).any():
        raise ArtbenchError(f"clusters are not numbered from 0 to {(record.clusters or 0) - 1} in order of appearance")


def _check_draws(stored: StoredPredictions, record: Record) -> None:
    """Raise if most draws of few shots are one and the same; all are where every class is drawn whole."""
    few = record.few_shot
    if (
        few is None
        or few.scarce >= record.dataset.classes
        or stored.confidence is None
        or not np.ptp(stored.confidence)
    ):
        return
    drawn = (stored.confidence[stored.rounds == number].tobytes() for number in range(len(record.rounds)))
    different = len(set(drawn))
    if 2 * different < len(record.rounds):
        raise ArtbenchError(f"only {different:,} of {len(record.rounds):,} draws differ")


def _check_lists(opened: StoredTable, stored: StoredPredictions) -> None:
    """Raise unless the predicted labels are those with a probability of at least 0.5."""
    assert stored.confidence is not None
    try:
        lists = opened.read(values_per_row=stored.confidence.shape[1])["prediction"].combine_chunks()
        given, lengths = lists.flatten().cast(pa.int64()).to_numpy(), lists.value_lengths().to_numpy()
    except (OSError, ValueError, AttributeError, pa.ArrowException) as error:
        raise ArtbenchError(f"the predicted labels can't be read ({' '.join(str(error).split())[:200]})") from error
    expected = stored.confidence >= 0.5
    if not np.array_equal(lengths, expected.sum(axis=1)) or not np.array_equal(given, np.nonzero(expected)[1]):
        raise ArtbenchError("the predicted labels are not those with a probability of at least 0.5")


def check_values(
    record: Record, stored: StoredPredictions, target: TargetKind, protocol: Protocol, about: FileFindings
) -> None:
    """Compare values and intervals with those recomputed from the predictions."""
    parts = [stored.rounds == number for number in range(max(1, len(record.rounds)))]
    tests = round_tests(stored, clustered=stored.clusters is not None)
    # A metric of a plugin that is not here is told of with the others that can't be checked.
    unknown = {name for name in record.metrics if name not in METRICS}
    more = [name for name in record.metrics if name in METRICS and METRICS[name].target == target]
    scorer = Scorer(tests, target=target, protocol=protocol, more=more)
    try:
        rounds = [_scored(record, stored, scorer, number, rows) for number, rows in enumerate(parts)]
    except (ArtbenchError, ValueError) as error:
        if isinstance(error.__cause__, MemoryError):
            # No fault of the metric: the record takes more than its check may.
            raise error.__cause__ from None
        about.fault(f"its metrics can't be computed from its predictions ({error})")
        return
    for number, (round_, found) in enumerate(zip(record.rounds, rounds, strict=False)):
        wrong = [name for name, got in found.items() if not _near(round_.metrics.get(name), got.value)]
        if wrong:
            about.fault(f"round {number}: the predictions give other values of {', '.join(wrong)}")
    estimates = scorer.estimates(rounds)
    given = set(estimates)
    if set(record.metrics) - unknown - {"top5_accuracy"} != given - {"top5_accuracy"}:
        about.fault(
            f"the record has the metrics {', '.join(record.metrics)}; a {target} task has {', '.join(sorted(given))}"
        )
    for name, got in estimates.items():
        metric = record.metrics.get(name)
        if metric is None:
            continue
        if not _near(metric.value, got.value):
            about.fault(f"{name} is {metric.value:.6g} in the record, but {got.value:.6g} by its predictions")
            continue
        ours, theirs = got.ci95 or (), metric.ci95 or ()
        if len(ours) != len(theirs) or not all(map(_near, theirs, ours)):
            said, computed = (" to ".join(f"{end:.6g}" for end in ends) or "none" for ends in (theirs, ours))
            about.fault(f"the interval of {name} is {said} in the record, but {computed} by its predictions")


def _scored(
    record: Record, stored: StoredPredictions, scorer: Scorer, number: int, rows: NDArray[np.bool_]
) -> Mapping[str, Scored]:
    found = scorer.score(
        number,
        stored.labels[rows],
        outputs_of(stored, record.dataset.classes, rows),
        thresholds=record.thresholds[number] if record.thresholds else {},
    )
    # Stored single-label predictions have the probability of the predicted class alone.
    known = record.dataset.classes <= _TOP
    return {name: one for name, one in found.items() if known or name != "top5_accuracy"}


def _near(value: float | None, other: float) -> bool:
    return value is not None and abs(value - other) <= _ROUNDING * max(1, abs(other))


def check_tables(
    record: Record, stored: StoredPredictions | None, target: TargetKind, file: Path, about: FileFindings
) -> tuple[str, ...]:
    """Read the tables beside a record's file and compare them with its predictions.

    Returns:
        Names of the classes; empty if they can't be read.
    """
    columns = _COLUMNS[form_of(target)]
    if set(record.tables) - {"probe"} != set(columns):
        about.fault(
            f"the record lists the tables {', '.join(record.tables) or 'none'}, not {', '.join(columns) or 'none'}"
        )
        return ()
    read: dict[TableName, Columns] = {}
    _check_probe(record, target, file, about)
    for name in columns:
        beside, state = file.with_suffix(f".{name}.parquet"), record.tables[name]
        try:
            table = check_parquet(beside, state, columns[name], flat=True).read()
            read[name] = {column: table[column].to_numpy() for column in table.column_names}
        except (ArtbenchError, OSError, ValueError, pa.ArrowException) as error:
            about.fault(f"table {name}: {error.message if isinstance(error, ArtbenchError) else error}")
    if len(read) < len(columns) or not read:
        return ()
    names = tuple(read["classes"]["class"].tolist())
    if len(names) != record.dataset.classes or len(set(names)) != len(names) or not all(_is_name(n) for n in names):
        about.fault(f"table classes: it does not have {record.dataset.classes:,} distinct, printable class names")
        return ()
    if stored is not None:
        for name, expected in _computed(record, stored, target, names).items():
            if not all(_same(read[name][column], values) for column, values in expected.items()):
                about.fault(f"table {name}: it differs from the one that the predictions give")
    return names


def _check_probe(record: Record, target: TargetKind, file: Path, about: FileFindings) -> None:
    """Check the form of the probe's weights; `artbench leaderboard verify` tells whether they give the predictions."""
    state = record.tables.get("probe")
    if state is None:
        return
    try:
        check_parquet(file.with_suffix(".probe.parquet"), state, COLUMNS)
        probes = read_probes(file, record, classes=1 if form_of(target) == "number" else record.dataset.classes)
    except ArtbenchError as error:
        about.fault(f"table probe: {error.message}")
        return
    protocol = protocol_named(record.protocol)
    if protocol is not None and protocol.width is not None and protocol.width < record.dataset.classes:
        most = max(_rank(probe.weight) for probe in probes)
        if most > protocol.width:
            about.fault(f"table probe: weights of rank {most:,} can't be had from {protocol.width:,} components", RERUN)


def _rank(weight: NDArray[np.float32]) -> int:
    """Return the number of directions that the weights span, beyond what their rounding does."""
    strengths = np.linalg.svd(weight, compute_uv=False)
    return int((strengths > _SPANNED * strengths[0]).sum())


def _is_name(name: object) -> bool:
    return isinstance(name, str) and not why_unfit(name, published=False)


def _computed(
    record: Record, stored: StoredPredictions, target: TargetKind, names: tuple[str, ...]
) -> dict[TableName, Columns]:
    if form_of(target) == "class":
        assert stored.predicted is not None
        labels, predicted = (part.astype(np.int64) for part in (stored.labels, stored.predicted))
        return {
            "classes": single_class_table(labels, predicted, classes=names),
            "confusion": confusion(labels, predicted, classes=names),
        }
    assert stored.confidence is not None
    thresholds = np.array([one.get("micro_f1", 0.5) for one in record.thresholds])
    labels_of, above = stored.labels.astype(bool), stored.confidence >= thresholds[stored.rounds][:, None]
    return {"classes": {**class_table(labels_of, above, classes=names), **ranking_table(labels_of, stored.confidence)}}


def _same(given: NDArray[np.generic], expected: NDArray[np.generic]) -> bool:
    if len(given) != len(expected):
        return False
    if expected.dtype == object:
        return bool((given == expected).all())
    if given.dtype.kind not in "iuf":
        return False
    return bool(np.allclose(given.astype(np.float64), expected.astype(np.float64), rtol=0, atol=1e-6, equal_nan=True))
