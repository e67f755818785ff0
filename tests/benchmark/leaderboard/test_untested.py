"""Rows whose predictions can't be used are not ranked, and the page says why."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.leaderboard.export.latex import latex_tables
from artbench.leaderboard.markdown import index_page, task_page
from artbench.leaderboard.ranking import rank
from artbench.records.folder import ResultsFolder
from artbench.records.format import amount
from artbench.records.publishing import image_digests
from artbench.records.record import FileState
from artbench.runtime.files import sha256_of
from tests.support.ranked_results import CLASSES, LABELS, N, board_of, fill, places
from tests.support.results import chances, guessed, put


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
            state = FileState(sha256=sha256_of(file), rows=N)
            records[at] = records[at].model_copy(update={"predictions": state})
    board = board_of(records, folder)
    assert places(board) == {"a": "1", "e": "2", "b": "(3)", "c": "(4)", "d": "(5)"}
    reasons = {key: board.ranking.untested[records[at].id] for key, at in (("b", 1), ("c", 2), ("d", 3))}
    assert reasons["b"] == "its predictions are missing"
    assert "not the ones it was written with" in reasons["c"]
    assert "can't be read" in reasons["d"]
    assert len(board.ranking.pairs) == 1
    page = task_page([board])
    assert "A rank in brackets is by value alone, below all rows that could be tested" in page
    assert all(reason in page for reason in reasons.values())


def test_a_row_with_other_test_images_is_not_tested_against_the_rest(folder: ResultsFolder) -> None:
    records = fill(folder)
    outputs = guessed(LABELS, rate=0.8, classes=CLASSES, seed=9)
    images = [f"other {number}" for number in range(N)]
    records.append(put(folder, "stray", LABELS, outputs, images=images))
    board = board_of(records, folder)
    assert places(board)["stray"].startswith("(")
    assert board.ranking.untested[records[-1].id] == "its test images are not those of the other rows"
    assert places(board)["a"] == "1–2"


def test_records_of_a_chosen_part_do_not_outvote_one_of_the_whole_test(folder: ResultsFolder) -> None:
    honest = put(folder, "honest", LABELS, guessed(LABELS, rate=0.6, classes=CLASSES, seed=0))
    images = [f"{number:05}" for number in range(N // 2)]
    records = [
        put(folder, name, LABELS[: N // 2], guessed(LABELS[: N // 2], rate=0.9, classes=CLASSES, seed=1), images=images)
        for name in ("chosen", "chosen-too")
    ]
    board = board_of([honest, *records], folder)
    assert board.ranking.untested.keys() == {record.id for record in records}
    assert board.rows[0].record.backbone == "honest"


def test_a_published_record_is_tested_against_one_that_is_not(folder: ResultsFolder) -> None:
    records = fill(folder)
    images = image_digests(f"{number:05}" for number in range(N))
    outputs = guessed(LABELS, rate=0.8, classes=CLASSES, seed=9)
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
    assert "can't be computed" in rank([top], folder.predictions_of).untested[top.id]


@pytest.mark.parametrize("protocol", ["linear-v1", "linear-v2"])
def test_a_chosen_part_of_the_test_does_not_lead(folder: ResultsFolder, protocol: str) -> None:
    records = fill(folder, protocol=protocol)
    right = np.flatnonzero(LABELS >= 0)[:200]
    outputs = chances(LABELS, CLASSES)[right]
    best = put(folder, "part", LABELS[right], outputs, images=[f"{number:05}" for number in right], protocol=protocol)
    assert best.primary.value == 1
    board = board_of([*records, best], folder)
    assert (board.first.backbone, [*places(board)][-1], places(board)["part"]) == ("a", "part", "(6)")
    assert "200 test images" not in task_page([board])
    (line,) = [line for line in index_page([board]).splitlines() if "toy-style" in line]
    assert "a, random" in line
    assert "100.0" not in line


def test_a_row_whose_predictions_do_not_bear_it_out_is_no_best_value_even_alone(folder: ResultsFolder) -> None:
    one, *_ = fill(folder)
    shown = amount(one.primary)
    assert shown in index_page([board_of([one], folder)])
    folder.predictions_of(one).unlink()
    assert shown not in index_page([board_of([one], folder)])


def test_no_row_is_bold_in_latex_if_none_could_be_tested(folder: ResultsFolder) -> None:
    records = fill(folder)[1:3]
    assert r"\textbf" in latex_tables([board_of(records, folder)])
    for one in records:
        folder.predictions_of(one).unlink()
    assert r"\textbf" not in latex_tables([board_of(records, folder)])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("prediction", [CLASSES] * N),
        ("prediction", [-1] * N),
        ("target", [None] * N),
        ("target", ["x"] * N),
        ("confidence", [float("nan")] * N),
        ("confidence", [1.5] * N),
        ("image", [None] * N),
        ("prediction", None),
    ],
)
def test_impossible_predictions_are_not_tested(folder: ResultsFolder, column: str, values: Any) -> None:
    records = fill(folder)
    file = folder.predictions_of(records[0])
    table = pq.read_table(file)
    at = table.column_names.index(column)
    pq.write_table(table.drop([column]) if values is None else table.set_column(at, column, pa.array(values)), file)
    records[0] = records[0].model_copy(update={"predictions": FileState(sha256=sha256_of(file), rows=N)})
    (reason,) = board_of(records, folder).ranking.untested.values()
    assert reason.startswith("its predictions can't be read")


def test_more_classes_than_fit_into_memory_are_refused(folder: ResultsFolder) -> None:
    (one, *_) = fill(folder, metric="macro_f1")
    huge = one.model_copy(update={"dataset": one.dataset.model_copy(update={"classes": 10**12})})
    assert "at most 100,000 classes" in rank([huge], folder.predictions_of).untested[huge.id]
