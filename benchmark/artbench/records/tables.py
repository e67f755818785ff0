"""Tables beside a record: the scores of each class, and the confusion matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.records.parquet import StoredTable
from artbench.records.record import Record, TableName
from artbench.runtime.files import atomic_write

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
    state = record.tables.get(name)
    if state is None or not _may_have(state.rows, record, name):
        return None
    try:
        table = StoredTable(file.with_suffix(f".{name}.parquet"), state, largest=_LARGEST)
        if table.lists or not _NEEDED[name] <= set(table.columns):
            return None
        columns: dict[str, list[Any]] = table.read().to_pydict()
    # An OverflowError is of a date that Python can't have.
    except (ArtbenchError, OSError, ValueError, KeyError, TypeError, OverflowError, pa.ArrowException):
        return None
    # A class that is there twice has no one place on a page.
    if len(set(columns.get("class", ()))) < len(columns.get("class", ())):
        return None
    return columns if all(_is_column(column, columns[column]) for column in columns) else None


def _may_have(rows: int, record: Record, name: TableName) -> bool:
    """Whether a table can have so many rows by what the record says of its classes and images."""
    classes = record.dataset.classes
    if name == "classes":
        return rows == classes
    # Of pairs of classes, those that an image has.
    return name != "confusion" or rows <= min(classes**2, record.predictions.rows if record.predictions else 0)


def _is_column(name: str, values: Sequence[Any]) -> bool:
    """Whether a column has values of its kind only: names, numbers of images, or fractions that may be missing."""
    if name == "class" or (name in ("target", "prediction")):
        return all(isinstance(value, str) for value in values)
    if name in ("support", "predicted", "count"):
        return all(type(value) is int and 0 <= value < 10**15 for value in values)
    return all(value is None or (type(value) is float and 0 <= value <= 1) for value in values)


@dataclass(frozen=True)
class TaskClasses:
    """Name and number of test images, over all rounds, of each class of a record's task."""

    names: list[str]
    images: list[int]


def tested_classes(file: Path, record: Record) -> TaskClasses | None:
    """Read the classes of a record from the table beside its file; None if there is no valid table."""
    table = read_table(file, record, "classes")
    if table is None:
        return None
    names, images = table["class"], table["support"]
    valid = all(isinstance(name, str) for name in names) and all(isinstance(count, int) for count in images)
    return TaskClasses(names=names, images=images) if valid else None
