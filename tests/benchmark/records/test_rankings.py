"""Rankings are read as they were written, and not if they can't be true."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from artbench.data.rankings import KEPT, NOTHING, Rankings
from artbench.records.rankings import ranking_columns, rankings_of

LABELS = np.array([0, 1, NOTHING, 0, 2])


def rankings() -> Rankings:
    random = np.random.default_rng(0)
    places = [np.array([1, 4]), np.array([2]), np.array([], int), np.sort(random.permutation(2000)[:700]) + 2,
              np.full(500, 2000)]  # fmt: skip
    nearest = np.array([0, NOTHING, 1, 2, 0])
    return Rankings.of(places, nearest=nearest, similarity=np.array([0.5, 0.25, 0.75, 1, 0]))


def read(columns: dict[str, Any]) -> Rankings:
    table = pa.table(columns)
    nearest = table["prediction"].cast(pa.int64()).to_numpy()
    return rankings_of(table, labels=LABELS, nearest=nearest, similarity=table["confidence"].to_numpy())


def test_rankings_come_back_as_they_were_written() -> None:
    given = rankings()
    found = read(ranking_columns(given, LABELS))
    for name in ("places", "belonging", "nearest", "similarity", "average_precision", "precision_to_r"):
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name))
    assert found.places.shape == (5, KEPT)


def _higher(row: int, by: float) -> Callable[[dict[str, Any]], None]:
    def change(columns: dict[str, Any]) -> None:
        values = columns["average_precision"].to_pylist()
        values[row] = (values[row] or 0) + by
        columns["average_precision"] = pa.array(values, pa.float64())

    return change


def _places(row: int, places: list[int]) -> Callable[[dict[str, Any]], None]:
    def change(columns: dict[str, Any]) -> None:
        values = columns["places"].to_pylist()
        values[row] = places
        columns["places"] = pa.array(values, pa.list_(pa.int32()))

    return change


def _belonging(row: int, count: int) -> Callable[[dict[str, Any]], None]:
    def change(columns: dict[str, Any]) -> None:
        values = columns["belonging"].to_pylist()
        values[row] = count
        columns["belonging"] = pa.array(values, pa.int32())

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_higher(0, 1e-6), "does not follow from the places"),
        (_higher(1, -1e-6), "does not follow from the places"),
        (_higher(2, 0.5), "a distractor has an average precision"),
        (_higher(3, 0.9), "does not follow from the places"),
        (_higher(4, 0.4), "does not follow from the places"),
        (_places(0, [4, 1]), "not ascending from 1"),
        (_places(1, [0]), "not ascending from 1"),
        (_places(1, [2, 3]), "not those of the first 100"),
        (_places(1, [1]), "a first place does not belong"),
        (_belonging(0, 1), "not those of the first 100"),
        (_belonging(2, 1), "not those of the first 100"),
    ],
)
def test_forged_rankings_are_refused(change: Callable[[dict[str, Any]], None], said: str) -> None:
    columns = ranking_columns(rankings(), LABELS)
    change(columns)
    with pytest.raises(ValueError, match=said):
        read(columns)


def test_places_that_are_no_whole_numbers_of_four_bytes_are_refused() -> None:
    columns = ranking_columns(rankings(), LABELS)
    columns["places"] = pa.array([[2**32 + place for place in row] for row in columns["places"].to_pylist()])
    with pytest.raises(ValueError, match="not columns of whole numbers"):
        read(columns)


@pytest.mark.parametrize("name", ["places", "belonging"])
def test_rows_without_a_number_are_refused(name: str) -> None:
    columns = ranking_columns(rankings(), LABELS)
    values = columns[name].to_pylist()
    values[1] = [None] if name == "places" else None
    with pytest.raises(ValueError, match="rows without a number"):
        read(columns | {name: pa.array(values, columns[name].type)})
