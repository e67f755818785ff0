"""Predictions and tables that were changed, with a digest that fits."""

import math
from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa

from artbench.runtime.files import sha256_of
from tests.support.mutants.submission import Submission, harmful, put


@harmful
def predictions_of_another(it: Submission) -> None:
    other = it.random.choice(it.others).with_suffix(".parquet")
    it.beside().write_bytes(other.read_bytes())
    if it.random.random() < 0.7:
        put(it, ("predictions", "sha256"), sha256_of(it.beside()))


def _set(column: str, change: Callable[[list[Any], Random], None], random: Random) -> Callable[[pa.Table], pa.Table]:
    def apply(table: pa.Table) -> pa.Table:
        values = table[column].to_pylist()
        change(values, random)
        return table.set_column(
            table.column_names.index(column), column, pa.array(values, table.schema.field(column).type)
        )

    return apply


def _other(value: Any, random: Random) -> Any:
    """Another class, or other labels."""
    if isinstance(value, list):
        return sorted(set(range(8)) ^ set(value))
    return random.choice([number for number in range(8) if number != value])


@harmful
def another_target(it: Submission) -> None:
    def change(values: list[Any], random: Random) -> None:
        row = random.randrange(len(values))
        values[row] = _other(values[row], random)

    it.rewrite(_set("target", change, it.random))


@harmful
def another_prediction(it: Submission) -> None:
    def change(values: list[Any], random: Random) -> None:
        for row in random.sample(range(len(values)), random.randint(1, 30)):
            values[row] = _other(values[row], random)

    it.rewrite(_set("prediction", change, it.random))


@harmful
def other_probabilities(it: Submission) -> None:
    def change(values: list[Any], random: Random) -> None:
        if isinstance(values[0], list):
            values[:] = [[1 - chance for chance in row] for row in values]
        else:
            values[:] = [(1 + chance) / 2 for chance in values]

    it.rewrite(_set("confidence", change, it.random))


@harmful
def a_probability_that_is_none(it: Submission) -> None:
    odd = it.random.choice([1.5, -0.5, math.nan, math.inf, None])

    def change(values: list[Any], random: Random) -> None:
        row = random.randrange(len(values))
        values[row] = [odd, *values[row][1:]] if isinstance(values[row], list) else odd

    it.rewrite(_set("confidence", change, it.random))


@harmful
def a_class_that_is_none(it: Submission) -> None:
    odd = it.random.choice([-1, 24, 2**31 - 1, None])

    def change(values: list[Any], random: Random) -> None:
        values[-1] = [odd] if isinstance(values[-1], list) else odd

    it.rewrite(_set(it.random.choice(["target", "prediction"]), change, it.random))


@harmful
def rows_left_out(it: Submission) -> None:
    count = it.random.randint(1, 300)
    it.rewrite(lambda table: table.slice(0, len(table) - count))
    if it.random.random() < 0.5:
        put(it, ("dataset", "test"), 360 - count)


@harmful
def a_row_twice(it: Submission) -> None:
    row = it.random.randrange(360)
    it.rewrite(
        lambda table: pa.concat_tables([table.slice(0, 359), table.slice(row, 1)]) if row != 359 else table[::-1]
    )


@harmful
def other_images(it: Submission) -> None:
    def change(values: list[Any], random: Random) -> None:
        row = random.randrange(1, len(values))
        values[row], values[row - 1] = (
            (values[row - 1], values[row]) if random.random() < 0.5 else ("x.jpg", values[row])
        )

    it.rewrite(_set("image", change, it.random))


@harmful
def a_column_more_or_less(it: Submission) -> None:
    more = it.random.random() < 0.5
    it.rewrite(
        lambda table: (
            table.append_column("file_name", pa.array(["C:/me/secret.jpg"] * len(table)))
            if more
            else table.drop_columns([it.random.choice(table.column_names)])
        )
    )


@harmful
def a_column_of_another_type(it: Submission) -> None:
    name = it.random.choice(["image", "target", "prediction", "confidence"])
    column = it.random.choice(
        [
            pa.nulls(360),
            pa.array([b"\xff"] * 360),
            pa.array([{"a": 1}] * 360),
            pa.array([[["x"]]] * 360),
            pa.array([0.5j.imag] * 360),
        ]
    )
    it.rewrite(lambda table: table.set_column(table.column_names.index(name), name, column))


@harmful
def metadata_that_tell_tales(it: Submission) -> None:
    it.rewrite(lambda table: table.replace_schema_metadata({"path": "/home/me/pictures"}))


@harmful
def another_table(it: Submission) -> None:
    column = it.random.choice(["support", "precision", "f1", "class"])

    def change(values: list[Any], random: Random) -> None:
        row = random.randrange(len(values))
        values[row] = "somebody else" if isinstance(values[row], str) else values[row] + 1

    it.rewrite(_set(column, change, it.random), ".classes.parquet")
