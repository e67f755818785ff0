"""Tables beside a record: the scores of each class, and the confusion matrix."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artbench.records.record import Record, TableName
from artbench.runtime.files import atomic_write, sha256_of

Tables: TypeAlias = Mapping[TableName, Mapping[str, NDArray[np.generic]]]

_NEEDED: Mapping[TableName, set[str]] = {
    "classes": {"class", "support"},
    "confusion": {"target", "prediction", "count"},
    "probe": {"round", "class", "bias", "weight"},
}
# Bytes of the largest table that is read.
_LARGEST = 32 << 20


def write_table(path: Path, columns: Mapping[str, NDArray[np.generic]]) -> None:
    """Write columns as Parquet, whole or not at all; NaN becomes null, and a matrix a column of lists."""
    wide = {name for name, column in columns.items() if column.ndim > 1}
    with atomic_write(path) as temporary:
        pq.write_table(
            pa.table({name: _column(column) for name, column in columns.items()}),
            temporary,
            compression="zstd",
            # Numbers with few digits take half the bytes when their bytes are stored apart.
            use_dictionary=not wide,
            column_encoding={f"{name}.list.element": "BYTE_STREAM_SPLIT" for name in wide} or None,
        )


def _column(column: NDArray[np.generic]) -> pa.Array:
    if column.ndim == 1:
        return pa.array(column, from_pandas=True)
    return pa.FixedSizeListArray.from_arrays(pa.array(column.ravel()), column.shape[1])


def read_table(file: Path, record: Record, name: TableName) -> dict[str, list[Any]] | None:
    """Read a table beside the file of a record; None if it is missing, damaged or not the one that the record names."""
    table, state = file.with_suffix(f".{name}.parquet"), record.tables.get(name)
    try:
        if state is None or table.stat().st_size > _LARGEST or sha256_of(table) != state.sha256:
            return None
        columns: dict[str, list[Any]] = pq.read_table(table).to_pydict()
    except (OSError, ValueError, pa.ArrowException):
        return None
    return columns if _NEEDED[name] <= columns.keys() else None


@dataclass(frozen=True)
class TaskClasses:
    """Name and number of test images, over all rounds, of each class of a record's task."""

    names: list[str]
    images: list[int]


def tested_classes(file: Path, record: Record) -> TaskClasses | None:
    """Read the classes of a record from the table beside its file; None if there is no valid table."""
    table = read_table(file, record, "classes")
    if table is None or len(table["class"]) != record.dataset.classes:
        return None
    names, images = table["class"], table["support"]
    valid = all(isinstance(name, str) for name in names) and all(isinstance(count, int) for count in images)
    return TaskClasses(names=names, images=images) if valid else None
