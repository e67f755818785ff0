"""Which pictures go through the network together."""

import numpy as np
from numpy.typing import NDArray

EMPTY = -1


def batches(rows: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Put rows into batches so that each always has the same place in its batch, whatever else is extracted.

    Matrix libraries may add up in another order at another place of a batch. With the place fixed by the row
    number, features are the same bytes whether all pictures are extracted at once, the rest after a kill, or a
    share on each of several processes.

    Args:
        rows: Distinct rows of the dataset.
        size: Pictures a batch.

    Returns:
        int64, shape (batches, size); `EMPTY` marks places without a picture. A stretch of consecutive rows fills
        its batches; any other choice of rows fills them nearly.
    """
    rows = np.sort(rows)
    block = rows // size
    # The shift by a hash of the block keeps regular choices (every tenth picture) from crowding into one place.
    shift = ((block.astype(np.uint64) * np.uint64(2654435761)) >> np.uint64(16)).astype(np.int64)
    places = (rows + shift) % size
    columns = [rows[places == place] for place in range(size)]
    table = np.full((max(map(len, columns)), size), EMPTY, np.int64)
    for place, column in enumerate(columns):
        table[: len(column), place] = column
    return table
