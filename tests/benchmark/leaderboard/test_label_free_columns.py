"""Label-free figures on leaderboards: shown where some record has them, and nowhere else."""

from pathlib import Path
from typing import Any

import pytest

from artbench.leaderboard.board import boards
from artbench.leaderboard.export.flat import flat_rows
from artbench.leaderboard.markdown import task_page
from artbench.leaderboard.page.content import section
from artbench.records.record import Record
from tests.support.records import record

FIGURES = {
    "of": 40,
    "images": 40,
    "dimensions": 512,
    "distinct": 39,
    "rankme": 21.26,
    "effective_rank": 7.04,
    "intrinsic_dimension": 5.55,
    "clusters": 4,
    "ari": 0.1234,
    "nmi": 0.4321,
}
CLUSTERS = {"clusters": None, "ari": None, "nmi": None}


def described(**changes: Any) -> Record:
    return record(backbone="resnet50", label_free=FIGURES | changes)


def page(*records: Record) -> str:
    (board,) = boards(records)
    return task_page([board])


def test_markdown_has_a_small_table_of_the_records_that_have_figures() -> None:
    text = page(record(0.4), described())
    assert "| backbone | pretraining | RankMe | effective rank | TwoNN dimension | k-means ARI | k-means NMI |" in text
    assert "| resnet50 | random | 21.3 | 7.0 | 5.5 | 0.123 | 0.432 | 40 | 512 |" in text
    assert text.count("resnet18") == 1
    # The ranked rows are as they were.
    assert page(record(0.4)).splitlines()[6] in text


def test_records_without_figures_make_the_pages_that_they_made() -> None:
    assert "RankMe" not in page(record())
    (row,) = flat_rows(boards([record()]))
    assert "rankme" not in row


@pytest.mark.parametrize(("changes", "hidden"), [(CLUSTERS, "k-means"), ({"intrinsic_dimension": None}, "TwoNN")])
def test_figures_that_no_record_has_take_no_column(changes: dict[str, Any], hidden: str) -> None:
    assert hidden in page(described())
    text = page(described(**changes))
    assert hidden not in text
    assert "RankMe" in text


def test_the_page_to_explore_shows_them_in_a_table_of_their_own(tmp_path: Path) -> None:
    (board,) = boards([record(0.4), described()])
    shown = section(board, file_of=lambda _: tmp_path / "none.json", out=tmp_path)
    assert list(shown.label_free_columns)[:2] == ["without labels", "RankMe"]
    assert [[cell.text for cell in row][:2] for row in shown.label_free] == [["resnet50, random", "21.3"]]
    assert "RankMe" not in shown.columns


def test_tables_for_other_programs_have_all_figures() -> None:
    first, second = flat_rows(boards([record(0.4), described()]))
    assert (first["rankme"], first["kmeans_ari"], first["label_free_images"]) == (21.26, 0.1234, 40)
    assert second["rankme"] is None
