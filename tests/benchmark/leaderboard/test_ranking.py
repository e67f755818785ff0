"""Ranks follow from paired tests of the predictions."""

from pathlib import Path
from random import Random

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import binomtest

from artbench.leaderboard.markdown import task_page
from artbench.records.folder import ResultsFolder
from tests.support.ranked_results import board_of, fill, places
from tests.support.results import put


def test_rows_that_cannot_be_told_apart_share_their_ranks(folder: ResultsFolder) -> None:
    board = board_of(fill(folder), folder)
    shown = places(board)
    assert shown["a"] == shown["b"] == "1–2"
    assert all(board.place_of(row.record).low >= 3 for row in board.rows if row.record.backbone not in "ab")
    # No two rows next to each other differ, but the ends of the row do.
    assert (shown["c"], shown["d"], shown["e"]) == ("3–4", "3–5", "4–5")
    page = task_page([board])
    assert "| 1–2 | a |" in page
    assert page.count("95 % confidence") == 1


def test_every_pair_is_tested_and_the_exact_test_counts_where_it_says_less(folder: ResultsFolder) -> None:
    records = fill(folder)
    board = board_of(records, folder)
    right = {
        record.id: np.equal(*(pq.read_table(folder.predictions_of(record))[name] for name in ("target", "prediction")))
        for record in records
    }
    assert len(board.ranking.pairs) == 10
    for pair in board.ranking.pairs:
        one, other = right[pair.better], right[pair.worse]
        alone = int((one & ~other).sum()), int((other & ~one).sum())
        assert pair.mcnemar == pytest.approx(binomtest(alone[0], sum(alone)).pvalue, rel=1e-5)
        assert pair.difference == pytest.approx(one.mean() - other.mean(), abs=1e-6)
        assert pair.ci95[0] <= pair.difference <= pair.ci95[1]
        assert pair.mcnemar is not None
        assert pair.mcnemar <= pair.p <= pair.corrected <= 10 * pair.p + 1e-12
        assert board.ranking.pair(pair.worse, pair.better) == pair


def test_neither_order_nor_folder_changes_the_ranking(folder: ResultsFolder, tmp_path: Path) -> None:
    records = fill(folder)
    expected = board_of(records, folder).ranking
    Random(1).shuffle(records)
    assert board_of(records, folder).ranking == expected
    other = ResultsFolder(tmp_path / "other")
    assert board_of(fill(other), other).ranking == expected


def test_where_less_is_better_the_ranks_say_so(folder: ResultsFolder) -> None:
    random = np.random.default_rng(4)
    years = random.uniform(1500, 1900, 200)
    records = [
        put(
            folder,
            name,
            years,
            (years + spread * random.normal(size=200)).astype(np.float32)[:, None],
            metric="mean_absolute_error",
        )
        for name, spread in (("far", 90), ("near", 30))
    ]
    board = board_of(records, folder)
    assert places(board) == {"near": "1", "far": "2"}
    (pair,) = board.ranking.pairs
    assert pair.better == records[1].id
    assert 0 < pair.ci95[0] < pair.difference < pair.ci95[1]
    assert pair.mcnemar is None


@pytest.mark.parametrize("metric", ["mean_class_accuracy", "macro_f1"])
def test_other_metrics_of_single_labels(folder: ResultsFolder, metric: str) -> None:
    shown = places(board_of(fill(folder, metric=metric), folder))
    assert (shown["a"], shown["b"]) == ("1–2", "1–2")


def test_a_metric_that_says_nothing_of_encoders_makes_no_order(folder: ResultsFolder) -> None:
    board = board_of(fill(folder, metric="expected_calibration_error"), folder)
    assert set(places(board).values()) == {"(1)", "(2)", "(3)", "(4)", "(5)"}
    assert "ECE does not say which encoder is better" in board.ranking.explanation


@pytest.mark.parametrize("metric", ["mean_average_precision", "sample_f2"])
def test_metrics_of_several_labels(folder: ResultsFolder, metric: str) -> None:
    random = np.random.default_rng(5)
    labels = random.random((150, 4)) < 0.3
    records = []
    for name, weight in (("a", 3.0), ("b", 3.0), ("c", 0.5)):
        outputs = (1 / (1 + np.exp(1 - weight * labels - random.normal(size=labels.shape)))).astype(np.float32)
        records.append(put(folder, name, labels, outputs, metric=metric, thresholds={"sample_f2": 0.4}))
    shown = places(board_of(records, folder))
    assert (shown["a"], shown["b"], shown["c"]) == ("1–2", "1–2", "3")


def test_a_label_of_one_image_makes_no_order(folder: ResultsFolder) -> None:
    random = np.random.default_rng(5)
    labels = np.zeros((150, 6), bool)
    labels[np.arange(6), np.arange(6)] = True
    records = []
    # One finds all six, the other none: six images are too few to tell.
    for name, weight in (("a", 9.0), ("b", 0.0)):
        outputs = (1 / (1 + np.exp(1 - weight * labels - random.normal(size=labels.shape)))).astype(np.float32)
        records.append(put(folder, name, labels, outputs, metric="mean_average_precision"))
    board = board_of(records, folder)
    (pair,) = board.ranking.pairs
    assert pair.difference > 0.8
    assert 0.005 < pair.p < 0.05


def test_several_rounds_are_tested_together(folder: ResultsFolder) -> None:
    records = fill(folder, rounds=np.repeat([0, 1, 2], 100))
    board = board_of(records, folder)
    assert board.ranking.untested == {}
    assert {pair.mcnemar for pair in board.ranking.pairs} == {None}
    assert board.ranking.pair(records[0].id, records[4].id) is not None
    assert places(board)["a"] == "1–2"


def test_painters_are_resampled_whole(folder: ResultsFolder, tmp_path: Path) -> None:
    clusters = np.repeat(np.arange(15), 20)
    alone = board_of(fill(folder), folder).ranking
    other = ResultsFolder(tmp_path / "painters")
    records = fill(other, clusters=clusters)
    together = board_of(records, other).ranking
    assert together.untested == {}
    assert [pair.p for pair in together.pairs] != [pair.p for pair in alone.pairs]
    assert {pair.mcnemar for pair in together.pairs} == {None}


def test_a_row_alone_is_first(folder: ResultsFolder) -> None:
    board = board_of(fill(folder)[:1], folder)
    assert places(board) == {"a": "1"}
    assert board.ranking.explanation == ""
