"""Whether the tables beside a record say what its predictions say."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.leaderboard.validation.findings import Findings
from artbench.leaderboard.validation.parquet import check_parquet
from artbench.records.record import Record, TableName
from artbench.records.stored import StoredPredictions
from artbench.specs import TargetKind
from artbench.stats.per_class import Columns, class_table, confusion, ranking_table

_CLASSES = ("class", "support", "predicted", "precision", "recall", "f1")
_RANKED = (*_CLASSES, "average_precision", "average_precision_11_point")
_CONFUSION = ("target", "prediction", "count")
_COLUMNS: Mapping[TargetKind, Mapping[TableName, tuple[str, ...]]] = {
    "single-label": {"classes": _CLASSES, "confusion": _CONFUSION},
    "multi-label": {"classes": _RANKED},
    "year": {},
}


def check_tables(
    record: Record, stored: StoredPredictions | None, target: TargetKind, file: Callable[[str], Path], about: Findings
) -> tuple[str, ...]:
    """Read the tables of a record and compare them with its predictions.

    Args:
        record: The record.
        stored: Its predictions; None if they can't be had.
        target: The kind of its task.
        file: Where the table of a name is.
        about: Told what is found.

    Returns:
        The names of the classes; none where they can't be had.
    """
    columns = _COLUMNS[target]
    if set(record.tables) != set(columns):
        about.fault(f"it should have the tables {', '.join(columns) or 'none'}, and has {', '.join(record.tables)}")
        return ()
    read: dict[TableName, Columns] = {}
    for name, state in record.tables.items():
        try:
            check_parquet(file(name), state, columns[name])
            read[name] = _read(file(name))
        except (ArtbenchError, OSError, ValueError, pa.ArrowException) as error:
            about.fault(f"table {name}: {error.message if isinstance(error, ArtbenchError) else error}")
    if len(read) < len(columns) or not read:
        return ()
    names = tuple(read["classes"]["class"].tolist())
    if len(names) != record.dataset.classes or len(set(names)) != len(names) or not all(_is_name(n) for n in names):
        about.fault(f"table classes: it does not name {record.dataset.classes:,} different classes")
        return ()
    if stored is not None:
        for name, asked in _computed(record, stored, target, names).items():
            if not _equal(read[name], asked):
                about.fault(f"table {name}: its predictions give another")
    return names


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name.isprintable() and 0 < len(name) <= 300


def _read(file: Path) -> Columns:
    table = pq.ParquetFile(file).read(use_threads=False)
    return {name: table[name].to_numpy() for name in table.column_names}


def _computed(
    record: Record, stored: StoredPredictions, target: TargetKind, names: tuple[str, ...]
) -> dict[TableName, Columns]:
    if target == "single-label":
        assert stored.predicted is not None
        one_hot = np.eye(len(names), dtype=bool)
        labels, predicted = (part.astype(np.int64) for part in (stored.labels, stored.predicted))
        return {
            "classes": class_table(one_hot[labels], one_hot[predicted], classes=names),
            "confusion": confusion(labels, predicted, classes=names),
        }
    assert stored.confidence is not None
    probes = [round_.probe for round_ in record.rounds] or [record.probe]
    thresholds = np.array([probe.thresholds.get("micro_f1", 0.5) for probe in probes])
    labels_of, above = stored.labels.astype(bool), stored.confidence >= thresholds[stored.rounds][:, None]
    return {"classes": {**class_table(labels_of, above, classes=names), **ranking_table(labels_of, stored.confidence)}}


def _equal(given: Columns, asked: Columns) -> bool:
    return all(_same(given[name], column) for name, column in asked.items())


def _same(given: NDArray[np.generic], asked: NDArray[np.generic]) -> bool:
    if len(given) != len(asked):
        return False
    if asked.dtype == object:
        return bool((given == asked).all())
    if given.dtype.kind not in "iuf":
        return False
    return bool(np.allclose(given.astype(np.float64), asked.astype(np.float64), rtol=0, atol=1e-6, equal_nan=True))
