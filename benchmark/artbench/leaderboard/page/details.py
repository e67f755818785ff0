"""How each class fares, and which is taken for which, from the tables beside the records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.records.folder import sha256_of
from artbench.records.record import Record, TableName

# Of classes: more make no matrix that anybody can read.
_LARGEST_MATRIX = 64
# Rows of a leaderboard that come with their matrix: all of a hundred would make the page slow.
_WITH_MATRIX = 30
# Bytes of a table that is read.
_LARGEST_FILE = 32 << 20


@dataclass(frozen=True, kw_only=True)
class Details:
    """Tables of all rows of a leaderboard, on one list of classes.

    Attributes:
        measure: What is told of each class: `recall`, `average precision`; empty where nothing is.
        classes: Their names.
        support: Test images of each.
        scores: For each row, the measure of each class in percent; None where the row has no table.
        matrices: For each row the cells target, prediction, count one after the other; None where there is none.
    """

    measure: str
    classes: Sequence[str]
    support: Sequence[int]
    scores: Sequence[Sequence[float | None] | None]
    matrices: Sequence[Sequence[int] | None]

    def as_data(self) -> dict[str, Any]:
        """For the script."""
        return {
            "measure": self.measure,
            "classes": list(self.classes),
            "support": list(self.support),
            "scores": self.scores,
            "matrices": self.matrices,
        }


def details_of(records: Sequence[Record], file_of: Callable[[Record], Path]) -> Details:
    """Read the tables of the records of one leaderboard; a table that is absent or damaged is left out."""
    tables = [_table(record, "classes", file_of) for record in records]
    first = next((table for table in tables if table is not None), None)
    if first is None:
        return Details(measure="", classes=(), support=(), scores=[None] * len(records), matrices=[None] * len(records))
    column = "average_precision" if "average_precision" in first else "recall"
    classes = [str(name) for name in first["class"]]
    numbers = {name: number for number, name in enumerate(classes)}
    scores = [None if table is None else _scores(table, column, numbers) for table in tables]
    matrices = [
        _matrix(record, numbers, file_of) if number < _WITH_MATRIX and len(classes) <= _LARGEST_MATRIX else None
        for number, record in enumerate(records)
    ]
    return Details(
        measure=column.replace("_", " "),
        classes=classes,
        support=[int(count or 0) for count in first["support"]],
        scores=scores,
        matrices=matrices,
    )


def _scores(table: dict[str, list[Any]], column: str, numbers: dict[str, int]) -> list[float | None] | None:
    if column not in table:
        return None
    found: list[float | None] = [None] * len(numbers)
    for name, value in zip(table["class"], table[column], strict=True):
        if name in numbers and value is not None:
            found[numbers[name]] = round(100 * float(value), 1)
    return found


def _matrix(record: Record, numbers: dict[str, int], file_of: Callable[[Record], Path]) -> list[int] | None:
    table = _table(record, "confusion", file_of)
    if table is None or not {"target", "prediction", "count"} <= table.keys():
        return None
    cells: list[int] = []
    for target, prediction, count in zip(table["target"], table["prediction"], table["count"], strict=True):
        if target in numbers and prediction in numbers:
            cells += [numbers[target], numbers[prediction], int(count)]
    return cells


def _table(record: Record, name: TableName, file_of: Callable[[Record], Path]) -> dict[str, list[Any]] | None:
    """A table that is the one of the record; None if it is not there."""
    state, file = record.tables.get(name), file_of(record).with_suffix(f".{name}.parquet")
    try:
        if state is None or file.stat().st_size > _LARGEST_FILE or sha256_of(file) != state.sha256:
            return None
        table: dict[str, list[Any]] = pq.read_table(file).to_pydict()
    except (OSError, ValueError, pa.ArrowException):
        return None
    return table if "class" in table or "target" in table else None
