"""Ranks under `linear-v2`: paired tests without resamples, in brackets where they can't keep what they promise."""

from typing import Any

import numpy as np
import pytest

from artbench.leaderboard.comparison import Located, compare
from artbench.leaderboard.export.flat import flat_rows
from artbench.leaderboard.export.latex import latex_tables
from artbench.leaderboard.markdown import task_page
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from tests.support.command_line import CommandLine
from tests.support.ranked_results import CLASSES, LABELS, N, board_of, fill, places
from tests.support.results import guessed, put

NEWER: dict[str, Any] = {"protocol": "linear-v2"}
YEARS: dict[str, Any] = {"protocol": "ridge-v2", "metric": "mean_absolute_error"}


def years(folder: ResultsFolder, n: int) -> list[Record]:
    random = np.random.default_rng(4)
    wanted = random.uniform(1500, 1900, n)
    return [
        put(folder, name, wanted, (wanted + spread * random.normal(size=n)).astype(np.float32)[:, None], **YEARS)
        for name, spread in (("far", 90), ("near", 30))
    ]


def test_plain_accuracy_is_tested_by_mcnemar_alone(folder: ResultsFolder) -> None:
    board = board_of(fill(folder, **NEWER), folder)
    assert len(board.ranking.pairs) == 10
    for pair in board.ranking.pairs:
        assert pair.p == pair.mcnemar
        assert pair.ci95[0] < pair.difference < pair.ci95[1]
    assert places(board)["a"] == "1–2"
    assert "(paired tests, Holm-corrected over all pairs)" in task_page([board])


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1"])
def test_other_metrics_are_tested_too(folder: ResultsFolder, metric: str) -> None:
    board = board_of(fill(folder, metric=metric, **NEWER), folder)
    assert board.ranking.untested == {}
    assert {pair.mcnemar for pair in board.ranking.pairs} == {None}
    assert places(board)["a"] == "1–2"
    assert board.ranking.pairs[-1].p > 0.001


def test_what_does_not_say_which_is_better_is_not_tested(folder: ResultsFolder) -> None:
    board = board_of(fill(folder, metric="expected_calibration_error", **NEWER), folder)
    assert set(board.ranking.untested.values()) == {"ECE does not say which encoder is better"}


def test_several_labels_and_several_rounds(folder: ResultsFolder) -> None:
    random = np.random.default_rng(5)
    labels = random.random((150, 4)) < 0.3
    records = []
    for name, weight in (("a", 3.0), ("b", 3.0), ("c", 0.5)):
        outputs = (1 / (1 + np.exp(1 - weight * labels - random.normal(size=labels.shape)))).astype(np.float32)
        records.append(put(folder, name, labels, outputs, metric="mean_average_precision_11_point", **NEWER))
    assert places(board_of(records, folder)) == {"a": "1–2", "b": "1–2", "c": "3"}
    splits = fill(folder, rounds=np.repeat([0, 1, 2], 100), **NEWER)
    board = board_of(splits, folder)
    assert board.ranking.untested == {}
    assert {pair.mcnemar for pair in board.ranking.pairs} == {None}
    assert places(board)["a"].startswith("1–")


def test_rows_with_the_same_answers_are_equal_within_some_distance(folder: ResultsFolder) -> None:
    outputs = guessed(LABELS, rate=0.8, classes=CLASSES, seed=9)
    records = [put(folder, name, LABELS, outputs, **NEWER) for name in ("a", "b")]
    (pair,) = board_of(records, folder).ranking.pairs
    assert (pair.difference, pair.p) == (0, 1)
    assert pair.ci95[0] < 0 < pair.ci95[1]


@pytest.mark.parametrize("n", [199, 200])
def test_ranks_of_years_need_two_hundred_images(folder: ResultsFolder, n: int) -> None:
    board = board_of(years(folder, n), folder)
    assert places(board) == ({"near": "1", "far": "2"} if n == 200 else {"near": "(1)", "far": "(2)"})
    remark = "since errors in years are too uneven for a test of fewer than 200 images"
    for text in (task_page([board]), latex_tables([board])):
        assert (remark in text) == (n < 200)
    assert {bool(row["rank_doubt"]) for row in flat_rows([board])} == {n < 200}
    assert (r"\textbf" in latex_tables([board])) == (n == 200)


@pytest.mark.parametrize("painters", [9, 10])
def test_ranks_by_painters_need_ten_of_them(folder: ResultsFolder, painters: int, command_line: CommandLine) -> None:
    records = fill(folder, clusters=np.arange(N) % painters, **NEWER)
    board = board_of(records, folder)
    few = painters < 10
    assert {place.startswith("(") for place in places(board).values()} == {few}
    assert ("since fewer than 10 painters say too little" in task_page([board])) == few
    one, other = (Located(record, folder.file_of(record)) for record in (records[0], records[4]))
    assert bool(compare(one, other).doubt) == few
    said = command_line("leaderboard", "compare", one.record.id, other.record.id, "--results", str(folder.path)).stdout
    assert ("by chance more often than in 5 of 100 cases: fewer than 10 painters" in said) == few
    assert f"take {painters} painters as units" in task_page([board])
    old = fill(folder, clusters=np.arange(N) % painters)
    assert places(board_of(old, folder))["a"] == "1–2"
    assert f"resample {painters} painters" in task_page([board_of(old, folder)])
