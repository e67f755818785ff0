"""An image has one place in its batch, whatever else is extracted."""

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.features.batch import EMPTY
from artbench.features.pipeline import batches


@pytest.mark.parametrize("size", [1, 3, 8, 128])
def test_a_row_has_one_place_whatever_goes_with_it(size: int) -> None:
    def places(table: NDArray[np.int64]) -> dict[int, int]:
        return {int(row): place for batch in table for place, row in enumerate(batch) if row != EMPTY}

    random = np.random.default_rng(0)
    everything = places(batches(np.arange(5000), size))
    assert len(everything) == 5000
    for rows in (random.permutation(5000)[:700], np.arange(0, 5000, size), np.arange(13, 5000, 10)):
        some = places(batches(rows, size))
        assert some == {row: everything[row] for row in rows.tolist()}


def test_batches_are_nearly_full() -> None:
    assert len(batches(np.arange(4096), 8)) == 512
    for step in (2, 3, 7, 8, 9, 10, 64, 100):
        rows = np.arange(0, 400_000, step)
        assert len(batches(rows, 8)) < 1.15 * len(rows) / 8
