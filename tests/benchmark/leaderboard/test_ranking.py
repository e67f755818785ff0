"""Ranks that the predictions bear out, and what is said where they don't."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from scipy.stats import binomtest

from artbench.cli.cache import cache
from artbench.leaderboard import kept_ranking
from artbench.leaderboard.board import Board, boards
from artbench.leaderboard.markdown import task_page
from artbench.leaderboard.ranking import rank
from artbench.locations import cache_folder
from artbench.records.folder import ResultsFolder, sha256_of
from artbench.records.images import image_digests
from artbench.records.record import FileState, Record
from tests.measured import guessed, put

_N, _CLASSES = 300, 6
LABELS: NDArray[np.int64] = np.random.default_rng(0).integers(0, _CLASSES, _N)
RATES = {"a": 0.95, "b": 0.94, "c": 0.7, "d": 0.64, "e": 0.6}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ResultsFolder:
    monkeypatch.setenv("ARTBENCH_CACHE", str(tmp_path / "cache"))
    return ResultsFolder(tmp_path / "results")


def fill(folder: ResultsFolder, **changes: Any) -> list[Record]:
    """Five encoders, of which two are good, and the others differ by little."""
    return [
        put(folder, name, LABELS, guessed(LABELS, rate=rate, classes=_CLASSES, seed=seed), **changes)
        for seed, (name, rate) in enumerate(RATES.items())
    ]


def board_of(records: list[Record], folder: ResultsFolder) -> Board:
    (board,) = boards(records, folder.predictions_of)
    return board


def places(board: Board) -> dict[str, str]:
    return {row.record.backbone: str(board.place_of(row.record)) for row in board.rows}


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


def test_a_label_of_one_picture_makes_no_order(folder: ResultsFolder) -> None:
    random = np.random.default_rng(5)
    labels = np.zeros((150, 6), bool)
    labels[np.arange(6), np.arange(6)] = True
    records = []
    # One finds all six, the other none: six pictures are too few to tell.
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


def test_rows_without_usable_predictions_stand_in_brackets_and_the_page_says_why(folder: ResultsFolder) -> None:
    records = fill(folder)
    for at, kind in ((1, "missing"), (2, "other"), (3, "damaged")):
        file = folder.predictions_of(records[at])
        if kind == "missing":
            file.unlink()
        elif kind == "other":
            file.write_bytes(folder.predictions_of(records[0]).read_bytes())
        else:
            file.write_bytes(b"PAR1 nothing")
            state = FileState(sha256=sha256_of(file), rows=_N)
            records[at] = records[at].model_copy(update={"predictions": state})
    board = board_of(records, folder)
    assert places(board) == {"a": "1", "b": "(2)", "c": "(3)", "d": "(4)", "e": "2"}
    reasons = {key: board.ranking.untested[records[at].id] for key, at in (("b", 1), ("c", 2), ("d", 3))}
    assert reasons["b"] == "its predictions are missing"
    assert "not the ones it was written with" in reasons["c"]
    assert "can't be read" in reasons["d"]
    assert len(board.ranking.pairs) == 1
    page = task_page([board])
    assert "A rank in brackets is by value alone" in page
    assert all(reason in page for reason in reasons.values())


def test_a_row_with_other_test_images_is_not_tested_against_the_rest(folder: ResultsFolder) -> None:
    records = fill(folder)
    outputs = guessed(LABELS, rate=0.8, classes=_CLASSES, seed=9)
    images = [f"other {number}" for number in range(_N)]
    records.append(put(folder, "stray", LABELS, outputs, images=images))
    board = board_of(records, folder)
    assert places(board)["stray"].startswith("(")
    assert board.ranking.untested[records[-1].id] == "its test images are not those of the other rows"
    assert places(board)["a"] == "1–2"


def test_a_published_record_is_tested_against_one_that_is_not(folder: ResultsFolder) -> None:
    records = fill(folder)
    images = image_digests(f"{number:05}" for number in range(_N))
    outputs = guessed(LABELS, rate=0.8, classes=_CLASSES, seed=9)
    records.append(put(folder, "published", LABELS, outputs, images=images))
    assert board_of(records, folder).ranking.untested == {}


def test_a_value_that_the_predictions_do_not_give_is_not_ranked(folder: ResultsFolder) -> None:
    records = fill(folder)
    metrics = {**records[4].metrics, "accuracy": records[0].metrics["accuracy"]}
    records[4] = records[4].model_copy(update={"metrics": metrics})
    board = board_of(records, folder)
    assert board.ranking.untested == {records[4].id: "its predictions give another value than the record"}


def test_clusters_that_were_not_kept_and_metrics_that_need_more_are_not_tested(folder: ResultsFolder) -> None:
    (one, *_) = fill(folder)
    assert (
        "resampled together" in rank([one.model_copy(update={"clusters": 3})], folder.predictions_of).untested[one.id]
    )
    top = one.model_copy(update={"primary_metric": "top5_accuracy"})
    assert "can't be had" in rank([top], folder.predictions_of).untested[top.id]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("prediction", [_CLASSES] * _N),
        ("prediction", [-1] * _N),
        ("target", [None] * _N),
        ("target", ["x"] * _N),
        ("confidence", [float("nan")] * _N),
        ("confidence", [1.5] * _N),
        ("image", [None] * _N),
        ("prediction", None),
    ],
)
def test_impossible_predictions_are_not_tested(folder: ResultsFolder, column: str, values: Any) -> None:
    records = fill(folder)
    file = folder.predictions_of(records[0])
    table = pq.read_table(file)
    at = table.column_names.index(column)
    pq.write_table(table.drop([column]) if values is None else table.set_column(at, column, pa.array(values)), file)
    records[0] = records[0].model_copy(update={"predictions": FileState(sha256=sha256_of(file), rows=_N)})
    (reason,) = board_of(records, folder).ranking.untested.values()
    assert reason.startswith("its predictions can't be read")


def test_more_classes_than_fit_into_memory_are_refused(folder: ResultsFolder) -> None:
    (one, *_) = fill(folder, metric="macro_f1")
    huge = one.model_copy(update={"dataset": one.dataset.model_copy(update={"classes": 10**12})})
    assert "too many" in rank([huge], folder.predictions_of).untested[huge.id]


def test_a_row_alone_is_first(folder: ResultsFolder) -> None:
    board = board_of(fill(folder)[:1], folder)
    assert places(board) == {"a": "1"}
    assert board.ranking.explanation == ""


def test_what_takes_long_is_found_once_and_found_again_where_it_was_damaged(folder: ResultsFolder) -> None:
    records = fill(folder, metric="macro_f1")
    expected = board_of(records, folder).ranking
    kept = sorted((cache_folder() / "ranks").glob("*.npz"))
    assert len(kept) == len(records)
    before = [file.stat().st_mtime_ns for file in kept]
    kept[0].write_bytes(kept[0].read_bytes()[:200])
    kept[1].write_bytes(b"nothing")
    assert board_of(records, folder).ranking == expected
    assert board_of(records, folder).ranking == expected
    assert [file.stat().st_mtime_ns for file in kept][2:] == before[2:]
    # Other predictions under the same name are noticed although their evidence is kept.
    folder.predictions_of(records[0]).write_bytes(folder.predictions_of(records[1]).read_bytes())
    assert list(board_of(records, folder).ranking.untested) == [records[0].id]


def test_what_is_kept_is_listed_and_removed(folder: ResultsFolder) -> None:
    expected = board_of(records := fill(folder, metric="macro_f1"), folder).ranking
    shown = CliRunner().invoke(cache, [])
    assert f"in {cache_folder() / 'ranks'}, for ranks of leaderboards" in shown.stderr
    other = cache_folder() / "ranks" / "mine.txt"
    other.write_text("not ours")
    assert CliRunner().invoke(cache, ["remove", "--ranks", "--all"]).exit_code == 2
    assert CliRunner().invoke(cache, ["remove", "resnet18"]).stdout == ""
    assert CliRunner().invoke(cache, ["remove", "--ranks"]).stdout.startswith("ranks\t")
    assert list((cache_folder() / "ranks").iterdir()) == [other]
    assert "for ranks" not in CliRunner().invoke(cache, []).stderr
    assert board_of(records, folder).ranking == expected


def test_the_ranking_of_a_large_leaderboard_is_kept_until_something_changes(
    folder: ResultsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = fill(folder)
    expected = board_of(records, folder).ranking
    assert not (cache_folder() / "ranks").exists()
    monkeypatch.setattr(kept_ranking, "_FEW", 1000)
    assert board_of(records, folder).ranking == expected
    (kept,) = (cache_folder() / "ranks").glob("*.json")
    written = kept.stat().st_mtime_ns
    assert board_of(records, folder).ranking == expected
    assert kept.stat().st_mtime_ns == written
    kept.write_text(kept.read_text()[:500])
    assert board_of(records, folder).ranking == expected
    folder.predictions_of(records[2]).unlink()
    assert list(board_of(records, folder).ranking.untested) == [records[2].id]
    assert board_of(records[:2], folder).ranking.places.keys() == {record.id for record in records[:2]}


def test_ranks_can_be_had_without_a_cache(folder: ResultsFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    records = fill(folder, metric="macro_f1")
    monkeypatch.setenv("ARTBENCH_CACHE", "/dev/null/no-folder")
    assert board_of(records, folder).ranking.untested == {}
