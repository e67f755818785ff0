"""The columns of stored neighbourhoods, and whether they can be true."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from artbench.data.neighbourhoods import SHARED, Neighbourhoods

# Columns beside image and target.
COLUMNS = [*SHARED, "added_class_alone", "added_origin_alone"]
# What the sums of other machines differ by, as a share of them.
_ROUNDING = 1e-6


def neighbourhood_columns(found: Neighbourhoods, labels: NDArray[np.generic]) -> dict[str, pa.Array]:
    """Return the columns of a table with a row for each picture, that of its class too."""
    values = np.concatenate([found.counts, found.added], axis=1)
    columns = {name: pa.array(values[:, at], pa.float64()) for at, name in enumerate(COLUMNS)}
    return {"target": pa.array(labels, pa.int32()), **columns}


def neighbourhoods_of(table: pa.Table) -> Neighbourhoods:
    """Read neighbourhoods from their columns, and check that what pictures add sums to what is counted.

    Raises:
        ValueError: They can't be true.
    """
    values = np.stack([table[name].to_numpy().astype(np.float64) for name in COLUMNS], axis=1)
    if not np.isfinite(values).all():
        raise ValueError("a number of neighbours is not finite")
    counts, added = values[:, : len(SHARED)], values[:, len(SHARED) :]
    if (counts < 0).any():
        raise ValueError("a number of neighbours is negative")
    rounding = _ROUNDING * max(1.0, float(counts.sum()))
    whole = counts.sum(axis=1)
    if (np.abs(whole - np.round(whole)) > rounding).any():
        raise ValueError("a picture does not have a whole number of neighbours")
    if (np.abs(added.sum(axis=0) - counts[:, 1:3].sum(axis=0)) > rounding).any():
        raise ValueError("what pictures add does not sum to the numbers of neighbours")
    return Neighbourhoods(counts=counts, added=added)
