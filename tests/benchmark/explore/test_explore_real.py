"""Real works of the Rijksmuseum as a user has them: a folder without labels, and a table beside it."""

import csv
from pathlib import Path

import artbench
from tests.support.real_data import REAL_DATA, needs_real_data

pytestmark = needs_real_data

WORKS = REAL_DATA / "rijksmuseum-2014"


def looked_at(dataset: str, out: Path | None) -> artbench.Exploration:
    return artbench.explore(dataset, backbone="colour-histogram", pretraining="none", layout="pca", out=out)


def test_a_folder_without_labels_becomes_a_page(tmp_path: Path) -> None:
    found = looked_at(f"collection:{WORKS / 'jpg'}", tmp_path / "page.html")
    assert len(found.ids) == 100
    assert found.unreadable == 0
    assert found.columns == {}
    assert found.judged == []
    # These are 100 different works.
    assert [group for group in found.twins if group.kind != "alike"] == []
    assert all(found.pictures.encoded)
    assert (tmp_path / "page.html").stat().st_size < 5_000_000


def test_a_table_gives_columns_to_colour_and_search_by(tmp_path: Path) -> None:
    with (WORKS / "sample_labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    table = tmp_path / "works.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["path", "creator", "types", "year_lo"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows({"path": row["file"], **row} for row in rows)
    toml = tmp_path / "works.toml"
    toml.write_text(f"pictures = '{WORKS / 'jpg'}'\ntable = '{table}'\n")
    found = looked_at(f"collection:{toml}", None)
    assert list(found.columns) == ["creator", "types", "year_lo"]
    assert found.columns["creator"][found.ids.index(rows[0]["file"])] == rows[0]["creator"]
