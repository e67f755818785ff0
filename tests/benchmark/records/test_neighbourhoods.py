"""What neighbours share is read as it was written, and not if it can't be true."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from artbench.probe.neighbourhoods import neighbourhoods
from artbench.records.neighbourhoods import neighbourhood_columns, neighbourhoods_of
from tests.support.neighbours import planted

VECTORS, LABELS, PLACES = planted(np.random.default_rng(0), of_class=1, of_origin=1, shape=(2, 2, 6))


def columns() -> dict[str, Any]:
    return neighbourhood_columns(neighbourhoods(VECTORS, LABELS, PLACES), LABELS)


def test_neighbourhoods_come_back_as_they_were_written() -> None:
    given, found = neighbourhoods(VECTORS, LABELS, PLACES), neighbourhoods_of(pa.table(columns()))
    np.testing.assert_array_equal(found.counts, given.counts)
    np.testing.assert_array_equal(found.added, given.added)


@pytest.mark.parametrize(
    ("name", "by", "said"),
    [
        ("class_alone", 0.5, "a picture does not have a whole number of neighbours"),
        ("class_alone", 2.0, "what pictures add does not sum to the numbers of neighbours"),
        ("added_class_alone", 0.5, "what pictures add does not sum to the numbers of neighbours"),
        ("neither", -99.0, "a number of neighbours is negative"),
        ("neither", float("nan"), "a number of neighbours is not finite"),
    ],
)
def test_what_can_not_be_true_is_refused(name: str, by: float, said: str) -> None:
    given = columns()
    values = given[name].to_numpy(zero_copy_only=False).copy()
    values[3] += by
    given[name] = pa.array(values)
    with pytest.raises(ValueError, match=said):
        neighbourhoods_of(pa.table(given))
