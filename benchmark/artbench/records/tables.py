"""Tables beside a record: how each class fares, and which is taken for which."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artbench.records.record import TableName
from artbench.runtime.files import replacing

Tables: TypeAlias = Mapping[TableName, Mapping[str, NDArray[np.generic]]]


def write_table(path: Path, columns: Mapping[str, NDArray[np.generic]]) -> None:
    """Write columns as Parquet, whole or not at all; NaN becomes null.

    Raises:
        OSError: It can't be written.
    """
    with replacing(path) as temporary:
        table = pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()})
        pq.write_table(table, temporary, compression="zstd")
