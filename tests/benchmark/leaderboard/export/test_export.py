"""Exports hold the values of the records, and names in them stay text."""

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from artbench.leaderboard.board import Board, boards
from artbench.leaderboard.export.flat import csv_text, flat_rows, write_parquet
from artbench.leaderboard.export.latex import escape_latex, latex_tables
from artbench.leaderboard.export.model_card import model_card
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from artbench.runtime.progress import Silent
from tests.support.estimates import ends
from tests.support.records import record

PUBLISHED = ResultsFolder(Path(__file__).resolve().parents[4] / "leaderboards")


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return [one for one in PUBLISHED.records(Silent()) if one.backbone in ("resnet18", "tf_efficientnet_lite0")]


@pytest.fixture(scope="module")
def published(records: list[Record]) -> list[Board]:
    return boards(records, PUBLISHED.predictions_of)


def test_every_metric_has_a_column_and_what_a_task_lacks_is_empty(
    published: list[Board], records: list[Record]
) -> None:
    rows = {str(row["id"]): row for row in flat_rows(published)}
    assert len(rows) == len(records) >= 9
    assert len({tuple(row) for row in rows.values()}) == 1
    for one in records:
        row = rows[one.id]
        for name, metric in one.metrics.items():
            assert (row[name], row[f"{name}_low"], row[f"{name}_high"]) == (metric.value, *ends(metric))
        assert row[f"knn_{one.primary_metric}"] == one.votes[one.primary_metric].value
        absent = "mean_average_precision" if one.primary_metric == "accuracy" else "accuracy"
        assert row[absent] is None
    best = [row for row in rows.values() if row["task"] == "sample-style" and row["pretraining"] == "imagenet"]
    assert [(row["rank_low"], row["rank_high"], row["rank_tested"]) for row in best] == [(1, 1, True)]


def test_csv_and_parquet_give_the_same_numbers_back(published: list[Board], tmp_path: Path) -> None:
    rows = flat_rows(published)
    write_parquet(rows, tmp_path / "x.parquet")
    assert pq.read_table(tmp_path / "x.parquet").to_pylist() == [dict(row) for row in rows]
    read = list(csv.DictReader(io.StringIO(csv_text(rows))))
    assert len(read) == len(rows)
    for cells, row in zip(read, rows, strict=True):
        for name, value in row.items():
            if isinstance(value, float):
                assert float(cells[name]) == value
            else:
                assert cells[name] == ("" if value is None else str(value))


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@SUM(A1)"])
def test_a_name_is_no_formula(name: str) -> None:
    rows = flat_rows(boards([record(backbone=name)]))
    (cells,) = csv.DictReader(io.StringIO(csv_text(rows)))
    assert cells["backbone"] == f"'{name}"
    assert rows[0]["backbone"] == name


def test_latex_says_what_is_significantly_best_in_bold(published: list[Board]) -> None:
    text = latex_tables([board for board in published if board.first.task == "sample-style"])
    bold = [line for line in text.splitlines() if r"\textbf" in line]
    assert len(bold) == 1
    assert r"1 & tf\_efficientnet\_lite0 & imagenet & \textbf{95.6} {[92.9, 97.4]}" in bold[0]
    assert "better than every other row" in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len({line.count(" & ") for line in rows}) == 1
    columns = text[text.index("{tabular}{") + len("{tabular}{") :].partition("}")[0]
    assert len(columns) == rows[0].count(" & ") + 1
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_latex_marks_the_best_value_if_nothing_was_tested_and_none_if_two_rows_tie(
    records: list[Record],
) -> None:
    untested = latex_tables(boards([record(0.5, backbone="a"), record(0.75, backbone="b")]))
    assert r"b & random & \textbf{75.0}" in untested
    alike = [one for one in PUBLISHED.records(Silent()) if one.pretraining == "imagenet" and one.task == "sample-style"]
    assert r"\textbf" not in latex_tables(boards(alike, PUBLISHED.predictions_of))


def test_a_latex_table_of_many_columns_spans_the_page_and_is_no_wider(published: list[Board]) -> None:
    wide = latex_tables([board for board in published if board.first.task == "sample-style"])
    assert wide.count("{table*}") == 2
    assert "% \\usepackage{graphicx}\n" in wide
    assert wide.index(r"\resizebox{") < wide.index(r"\begin{tabular}") < wide.index(r"\end{tabular}}")
    narrow = latex_tables(boards([record()]))
    assert narrow.count("{table}") == 2
    assert "graphicx" not in narrow
    assert "resizebox" not in narrow


def test_a_latex_caption_says_which_encoders_were_left_out() -> None:
    caption = next(line for line in latex_tables(boards([record()]), seen=("clean",)).splitlines() if "caption" in line)
    assert "Only encoders known not to have been trained on test images (clean) are shown." in caption


def test_names_are_text_in_latex() -> None:
    name = r"\input{/etc/passwd} $x$ 50% a_b & c# ~^ {} <|>"
    text = latex_tables(boards([record(backbone=name)]))
    assert escape_latex(name) in text
    assert escape_latex(name) == (
        r"\textbackslash{}input\{/etc/passwd\} \$x\$ 50\% a\_b \& c\# \textasciitilde{}\textasciicircum{} \{\} "
        r"\textless{}\textbar{}\textgreater{}"
    )


def read_by_the_hub(text: str) -> list[EvalResult]:
    data = ModelCard(f"---\n{text}---\n").data
    assert isinstance(data, ModelCardData)
    return data.eval_results or []


def test_a_model_card_is_read_back_by_the_hub_s_own_library(records: list[Record]) -> None:
    own = [one for one in records if (one.backbone, one.pretraining) == ("resnet18", "random")]
    results = read_by_the_hub(model_card(own))
    assert len(results) == sum(len(one.metrics) for one in own)
    for one in own:
        given = {
            result.metric_name: result for result in results if (result.dataset_config or "").startswith(f"{one.task},")
        }
        assert {result.metric_value for result in given.values()} == {metric.value for metric in one.metrics.values()}
        assert {result.dataset_revision for result in given.values()} == {one.dataset.fingerprint}
        assert all(result.metric_args for result in given.values())


def test_a_model_card_keeps_odd_names_as_text() -> None:
    odd = record(backbone='x: [y] # "z"', task="- !!python/object:os.system")
    (first, *_) = read_by_the_hub(model_card([odd]))
    assert (first.dataset_config or "").startswith("- !!python/object:os.system,")
