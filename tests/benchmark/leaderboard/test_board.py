"""Which records share a table, and in which order."""

from artbench.leaderboard.board import boards
from tests.support.records import record


def test_only_equal_task_protocol_and_data_share_a_table() -> None:
    records = [
        record(),
        record(backbone="resnet50"),
        record(task_version=2),
        record(protocol_hash="e" * 64),
        record(dataset={"fingerprint": "e" * 64}),
        record(task="toy-artist"),
    ]
    assert sorted(len(board.rows) for board in boards(records)) == [1, 1, 1, 1, 2]


def test_best_first_and_equal_values_share_a_rank() -> None:
    values = {"a": 0.2, "b": 0.9, "c": 0.5, "d": 0.5, "e": 0.1}
    (board,) = boards(record(value, backbone=name) for name, value in values.items())
    assert [(row.rank, row.record.backbone) for row in board.rows] == [(1, "b"), (2, "c"), (2, "d"), (4, "a"), (5, "e")]
    assert str(board.place_of(record(backbone="a"))) == "(4)"


def test_of_one_measurement_the_newest_record_counts() -> None:
    older = record(0.9)
    newer = record(0.4, provenance={"created": "2026-05-01T00:00:00+00:00"})
    for order in ([older, newer], [newer, older]):
        (board,) = boards(order)
        assert [row.record for row in board.rows] == [newer]


def test_where_less_is_better_the_least_is_first() -> None:
    years = [
        record(
            backbone=name,
            primary_metric="mean_absolute_error",
            metrics={"mean_absolute_error": {"value": value, "ci95": [value - 5, value + 5], "unit": "years"}},
        )
        for name, value in (("a", 74.4), ("b", 61.0), ("c", 120.5))
    ]
    (board,) = boards(years)
    assert [(row.rank, row.record.backbone) for row in board.rows] == [(1, "b"), (2, "a"), (3, "c")]
