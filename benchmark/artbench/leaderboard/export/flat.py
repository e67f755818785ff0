"""Leaderboards as flat tables, one row per record: CSV and Parquet."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.leaderboard.board import Board
from artbench.leaderboard.ranking import Place
from artbench.leaderboard.seen import knowledge
from artbench.records.record import Record
from artbench.runtime.files import atomic_write
from artbench.runtime.text import spreadsheet_text
from artbench.stats.metrics import ordered_metrics

Value: TypeAlias = str | int | float | bool | None
Row: TypeAlias = Mapping[str, Value]
Read: TypeAlias = Callable[[Record], Value]


def _taken(step: str, name: str, record: Record) -> Value:
    """One number of what a step took; None if it was not measured."""
    found: Value = getattr(getattr(record.timing, step), name, None)
    return found


_TYPES = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
# Columns before the metrics; ranks are filled in for each leaderboard.
_BEFORE: Mapping[str, Read] = {
    "task": lambda r: r.task,
    "task_version": lambda r: r.task_version,
    "dataset": lambda r: r.dataset.name,
    "fingerprint": lambda r: r.dataset.fingerprint,
    "partial": lambda r: r.dataset.partial,
    "protocol": lambda r: r.protocol,
    "protocol_hash": lambda r: r.protocol_hash,
    "shots": lambda r: None if r.few_shot is None else r.few_shot.shots,
    "rank_low": lambda _: None,
    "rank_high": lambda _: None,
    "rank_tested": lambda _: None,
    "backbone": lambda r: r.backbone,
    "pretraining": lambda r: r.pretraining,
    "checkpoint_sha256": lambda r: r.encoder.checkpoint_sha256,
    "seed": lambda r: r.provenance.seed,
    "primary_metric": lambda r: r.primary_metric,
}
# Left out if no record has them.
_LABEL_FREE: Mapping[str, Read] = {
    "rankme": lambda r: None if r.label_free is None else r.label_free.rankme,
    "effective_rank": lambda r: None if r.label_free is None else r.label_free.effective_rank,
    "intrinsic_dimension": lambda r: None if r.label_free is None else r.label_free.intrinsic_dimension,
    "kmeans_clusters": lambda r: None if r.label_free is None else r.label_free.clusters,
    "kmeans_ari": lambda r: None if r.label_free is None else r.label_free.ari,
    "kmeans_nmi": lambda r: None if r.label_free is None else r.label_free.nmi,
    "label_free_images": lambda r: None if r.label_free is None else r.label_free.images,
}
_COST: Mapping[str, Read] = {
    f"{step}_{name}": partial(_taken, step, name)
    for step in ("extraction", "probe")
    for name in ("device_s", "memory_bytes", "reserved_bytes", "energy_j")
}
_AFTER: Mapping[str, Read] = {
    "train": lambda r: r.dataset.train,
    "test": lambda r: r.dataset.test,
    "classes": lambda r: r.dataset.classes,
    "converged": lambda r: all(probe.converged for probe in r.probes),
    "parameters": lambda r: r.encoder.parameters,
    "feature_dim": lambda r: r.encoder.feature_dim,
    "layer": lambda r: r.encoder.layer,
    "pooling": lambda r: r.encoder.pooling,
    "input_size": lambda r: r.encoder.input_size,
    "corpus": lambda r: None if r.encoder.seen is None else r.encoder.seen.corpus,
    "seen": knowledge,
    "images_per_s": lambda r: r.timing.images_per_s,
    "device": lambda r: r.provenance.device,
    "hardware": lambda r: r.provenance.hardware,
    "dtype": lambda r: r.provenance.dtype,
    "weights_sha256": lambda r: r.encoder.weights_sha256,
    "backbone_version": lambda r: r.encoder.backbone_version,
    "artbench": lambda r: r.provenance.artbench,
    "created": lambda r: r.provenance.created.isoformat(),
    "id": lambda r: r.id,
    "rank_doubt": lambda _: None,
}


def flat_rows(boards: Sequence[Board]) -> list[Row]:
    """Return a row for each record, in the order of the leaderboards, all with the same columns; empty ones are None.

    Each metric has the columns `NAME`, `NAME_low` and `NAME_high` (its 95 % interval), and the same for the nearest
    neighbours with the prefix `knn_`; fractions in [0, 1], or years. `rank_low` and `rank_high` are the range of ranks
    by the paired tests; `rank_tested` is false where no test was possible, and `rank_doubt` says why the tests may find
    an order too often. Label-free figures, and what
    extraction and probe took, have columns if some record has them.
    """
    rows = [_row(entry.record, board.place_of(entry.record)) for board in boards for entry in board.rows]
    named = dict.fromkeys(name for board in boards for entry in board.rows for name in entry.record.metrics)
    measured = sorted(named, key=ordered_metrics)
    suffixes = ("", "_low", "_high")
    columns = [f"{prefix}{name}{suffix}" for prefix in ("", "knn_") for name in measured for suffix in suffixes]
    columns += [name for name in _LABEL_FREE if any(row[name] is not None for row in rows)]
    cost = [name for name in _COST if any(row[name] is not None for row in rows)]
    return [{column: row.get(column) for column in (*_BEFORE, *columns, *_AFTER, *cost)} for row in rows]


def csv_text(rows: Sequence[Row]) -> str:
    """Return CSV with Unix line ends; text that a spreadsheet would take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0] if rows else ())
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def write_parquet(rows: Sequence[Row], out: Path) -> None:
    """Write the rows as Parquet, whole or not at all.

    Raises:
        OSError: It can't be written.
    """
    fields = [pa.field(name, _type([row[name] for row in rows])) for name in rows[0]]
    with atomic_write(out) as temporary:
        pq.write_table(pa.Table.from_pylist([dict(row) for row in rows], pa.schema(fields)), temporary)


def _type(values: Sequence[Value]) -> pa.DataType:
    kinds = {type(value) for value in values if value is not None}
    return _TYPES[kinds.pop()] if len(kinds) == 1 else pa.float64() if kinds else pa.string()


def _cell(value: Value) -> str:
    if isinstance(value, str):
        return spreadsheet_text(value)
    return "" if value is None else repr(value)


def _row(record: Record, place: Place) -> dict[str, Value]:
    row: dict[str, Value] = {name: of(record) for name, of in {**_BEFORE, **_LABEL_FREE, **_AFTER, **_COST}.items()}
    row |= {"rank_low": place.low, "rank_high": place.high, "rank_tested": not place.untested}
    row["rank_doubt"] = place.doubt or None
    voted = {} if record.neighbours is None else record.neighbours.metrics
    for prefix, metrics in (("", record.metrics), ("knn_", voted)):
        for name, metric in metrics.items():
            name = prefix + name
            low, high = metric.ci95 or (None, None)
            row |= {name: metric.value, f"{name}_low": low, f"{name}_high": high}
    return row
