"""Tables beside a record: how each class fares, and which is taken for which."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artbench.records.record import Record, TableName
from artbench.runtime.files import atomic_write, sha256_of

Tables: TypeAlias = Mapping[TableName, Mapping[str, NDArray[np.generic]]]


def write_table(path: Path, columns: Mapping[str, NDArray[np.generic]]) -> None:
    """Write columns as Parquet, whole or not at all; NaN becomes null.

    Raises:
        OSError: It can't be written.
    """
    with atomic_write(path) as temporary:
        table = pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()})
        pq.write_table(table, temporary, compression="zstd")


@dataclass(frozen=True)
class TaskClasses:
    """The classes of a record's task, in the order of their numbers.

    Attributes:
        names: Of each.
        images: Test images of each, over all rounds.
    """

    names: list[str]
    images: list[int]


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
        names, images = read["class"].cast(pa.string()).to_pylist(), read["support"].cast(pa.int64()).to_pylist()
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return None
    whole = len(names) == record.dataset.classes and None not in names and None not in images
    return TaskClasses(names=names, images=images) if whole else None
