"""The names of a task's classes, as the table beside a record has them."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.records.folder import sha256_of
from artbench.records.record import Record


@dataclass(frozen=True)
class TaskClasses:
    """The classes of a record's task, in the order of their numbers.

    Attributes:
        names: Of each.
        pictures: Test pictures of each, over all rounds.
    """

    names: list[str]
    pictures: list[int]


def tested_classes(file: Path, record: Record) -> TaskClasses | None:
    """Read them from `.classes.parquet`; None where there is no table to trust.

    Args:
        file: The record's.
        record: What is in it.
    """
    table, state = file.with_suffix(".classes.parquet"), record.tables.get("classes")
    try:
        if state is None or sha256_of(table) != state.sha256:
            return None
        read = pq.read_table(table, columns=["class", "support"])
        names, pictures = read["class"].cast(pa.string()).to_pylist(), read["support"].cast(pa.int64()).to_pylist()
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return None
    whole = len(names) == record.dataset.classes and None not in names and None not in pictures
    return TaskClasses(names=names, pictures=pictures) if whole else None
