"""Tables that are written block by block."""

import csv
import resource
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from artbench.catalogue.table_file import check_table_file, table_file
from artbench.errors import ArtbenchError, UsageError

COLUMNS = {"image": False, "probability": True}
ROWS: dict[str, list[Any]] = {
    "image": ["Côte d'Azur; 1.jpg", '=HYPERLINK("x")', "＝2", None],
    "probability": [0.25, 1.0, None, 1e-05],
}


@pytest.mark.parametrize("suffix", [".csv", ".CSV"])
def test_a_csv_has_no_formulas_and_keeps_accents(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"labels{suffix}"
    with table_file(file, COLUMNS) as table:
        table.write(ROWS)
        table.write({"image": ["b"], "probability": [3.0]})
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.reader(text))
    assert rows == [
        ["image", "probability"],
        ["Côte d'Azur; 1.jpg", "0.25"],
        ['\'=HYPERLINK("x")', "1"],
        ["'＝2", ""],
        ["", "1e-05"],
        ["b", "3"],
    ]


def test_parquet_has_the_values_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "labels.parquet"
    with table_file(file, COLUMNS) as table:
        table.write(ROWS)
        table.write(ROWS)
    assert pq.read_table(file).to_pydict() == {name: 2 * values for name, values in ROWS.items()}


def test_after_an_error_nothing_is_there(tmp_path: Path) -> None:
    def stopped(file: Path) -> None:
        with table_file(file, COLUMNS) as table:
            table.write(ROWS)
            raise KeyboardInterrupt

    for name in ("labels.csv", "labels.parquet"):
        with pytest.raises(KeyboardInterrupt):
            stopped(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"can't be written"), table_file(tmp_path / "no" / "x.csv", COLUMNS):
        (tmp_path / "no").rename(tmp_path / "gone")


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    def written() -> None:
        with table_file(tmp_path / "labels.csv", COLUMNS) as table:
            for _ in range(1000):
                table.write(ROWS)

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(ArtbenchError, match=r"labels.csv can't be written \(File too large\)"):
            written()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("edited by hand\n")
    for name, said in (("there.csv", "there already"), ("x.xlsx", "neither"), ("no/x.csv", "no folder")):
        with pytest.raises(UsageError, match=said):
            check_table_file(tmp_path / name)
    check_table_file(tmp_path / "new.parquet")
