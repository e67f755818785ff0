"""Folders, tables and a TOML become tasks."""

import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.errors import ArtbenchError
from tests.plugins.artbench_collection.museum import (
    STYLES,
    ids,
    labels_by_id,
    only,
    opened,
    touch,
    works,
    write_museum,
    write_table,
)


def test_folders_are_classes(tmp_path: Path) -> None:
    touch(tmp_path / "Kunst", *(f"{style}/Saal {k % 2}/{k}.jpg" for style in STYLES for k in range(10)), "cover.jpg")
    task = only(tmp_path / "Kunst")
    assert (task.spec.name, task.dataset.name) == ("collection:Kunst:class", "collection:Kunst")
    assert task.targets.classes == STYLES
    assert (len(task.targets.train), len(task.targets.test)) == (24, 6)
    assert np.bincount(task.targets.test.labels.astype(np.int64)).tolist() == [2, 2, 2]
    assert labels_by_id(task)["Realismus/Saal 1/3.jpg"] == "Realismus"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't keep such names")
def test_folders_may_have_any_names(tmp_path: Path) -> None:
    for style in (b"Na\xcc\x88ive", b"Barock \xe9", b"Jugendstil"):
        for k in range(10):
            file = tmp_path / os.fsdecode(style) / os.fsdecode(b"caf\xe9 %d.jpg" % k)
            file.parent.mkdir(exist_ok=True)
            file.touch()
    task = only(tmp_path)
    assert task.targets.classes == ("Barock \\xe9", "Jugendstil", "N\u00e4ive")
    assert task.dataset.path(0).is_file()
    assert len(task.listing) == 64


def test_folders_of_splits_hold_folders_of_classes(tmp_path: Path) -> None:
    paths = [f"{part}/{style}/{k}.jpg" for part in ("Train", "val", "test") for style in STYLES for k in range(4)]
    touch(tmp_path, *paths)
    task = only(tmp_path)
    assert {name: len(split) for name, split in task.targets.splits} == {"train": 12, "validation": 12, "test": 12}
    assert task.targets.classes == STYLES


def test_every_column_that_looks_like_labels_is_a_task_and_titles_do_not(tmp_path: Path) -> None:
    table = write_museum(tmp_path)
    assert [task.spec.name for task in opened(f"collection:{table}")] == [
        "collection:works:style",
        "collection:works:painter",
    ]
    task = only(f"{table}:style")
    assert labels_by_id(task) == {path: style for path, style, *_ in works()}
    assert (len(task.targets.train), len(task.targets.test)) == (24, 6)


def test_the_split_is_that_of_the_list_whatever_is_there(tmp_path: Path) -> None:
    whole = only(f"{write_museum(tmp_path)}:style")
    (tmp_path / "scans" / "004.jpg").unlink()
    partial = only(f"{tmp_path / 'works.csv'}:style")
    assert partial.targets.missing == ["scans/004.jpg"]
    assert ids(partial, "test") == ids(whole, "test") - {"scans/004.jpg"}
    assert partial.partial
    assert partial.listing != whole.listing


def test_a_column_of_splits_is_followed_and_an_empty_one_is_no_split(tmp_path: Path) -> None:
    rows = [
        (path, style, ("train", "Training", "val", "TEST", "")[k % 5]) for k, (path, style, *_) in enumerate(works())
    ]
    touch(tmp_path, *(path for path, *_ in rows))
    task = only(write_table(tmp_path / "works.csv", ("path", "style", "Split"), rows))
    assert {name: len(split) for name, split in task.targets.splits} == {"train": 12, "validation": 6, "test": 6}
    assert ids(task, "test") == {path for path, _, part in rows if part == "TEST"}


def test_groups_are_not_torn_apart_unless_they_are_what_is_asked(tmp_path: Path) -> None:
    write_museum(tmp_path)
    (tmp_path / "my.toml").write_text("table = 'works.csv'\ngroup = 'painter'\nlabels = ['style', 'painter']\n")
    style, painter = opened(f"collection:{tmp_path / 'my.toml'}")
    groups = {path: name for path, _, name, _ in works()}
    train, test = ({groups[id_] for id_ in ids(style, part)} for part in ("train", "test"))
    assert not train & test
    assert len(test) == 1
    assert set(np.unique(painter.targets.test.labels)) == {0, 1, 2, 3, 4}
    # Painters whom nobody has seen are what is asked of the style, so they are drawn as wholes.
    assert (style.spec.clustered, painter.spec.clustered) == (True, False)
    assert painter.targets.groups is None
    assert style.targets.groups is not None
    assert style.targets.groups[0] == groups[style.dataset.ids[0]]


def test_groups_that_are_the_classes_are_reported(tmp_path: Path) -> None:
    rows = [(f"{k}.jpg", STYLES[k % 3], STYLES[k % 3].upper()) for k in range(12)]
    touch(tmp_path, *(path for path, *_ in rows))
    table = write_table(tmp_path / "works.csv", ("path", "style", "group"), rows)
    with pytest.raises(ArtbenchError, match=r"each class of 'style' is of one group of 'group'.*column of splits"):
        only(table)


def test_several_values_in_a_cell_are_a_task_of_many_labels(tmp_path: Path) -> None:
    rows = [(f"{k}.jpg", ("Öl; Holz", "Öl;Leinwand;Öl", "", " ; Tinte")[k % 4]) for k in range(40)]
    touch(tmp_path, *(path for path, *_ in rows))
    write_table(tmp_path / "works.csv", ("path", "technique"), rows)
    (tmp_path / "my.toml").write_text("table = 'works.csv'\nseveral = { technique = ';' }\n")
    task = only(tmp_path / "my.toml")
    assert task.spec.target == "multi-label"
    assert task.targets.classes == ("Holz", "Leinwand", "Tinte", "Öl")
    assert len(task.targets.train) + len(task.targets.test) == 30
    assert int(task.targets.train.labels.sum() + task.targets.test.labels.sum()) == 10 * (2 + 2 + 1)


def test_years_are_a_task_of_their_own_kind(tmp_path: Path) -> None:
    rows = [(f"{k}.jpg", ("1650", "-200.0", "", "1888")[k % 4], f"Maler {k % 7}") for k in range(40)]
    touch(tmp_path, *(path for path, *_ in rows))
    write_table(tmp_path / "works.csv", ("path", "year", "group"), rows)
    (tmp_path / "my.toml").write_text("table = 'works.csv'\nyears = ['year']\n")
    task = only(tmp_path / "my.toml")
    assert (task.spec.target, task.spec.primary_metric) == ("year", "mean_absolute_error")
    years = np.concatenate([task.targets.train.labels, task.targets.test.labels])
    assert np.unique(years).tolist() == [-200, 1650, 1888]
    assert len(years) == 30
    groups = task.targets.groups
    assert groups is not None
    assert not {groups[row] for row in task.targets.train.rows} & {groups[row] for row in task.targets.test.rows}
    write_table(tmp_path / "works.csv", ("path", "year"), [("0.jpg", "o. J."), ("1.jpg", "verloren")])
    with pytest.raises(ArtbenchError, match=r"no value of the column 'year' of .* can be read as a year, 'o\. J\.'"):
        only(tmp_path / "my.toml")


def test_a_toml_names_everything(tmp_path: Path) -> None:
    rows = [(f"SK-A-{k}", STYLES[k % 3], "x" if k % 2 else "y", f"M{k % 4}") for k in range(24)]
    touch(tmp_path / "bilder", *(f"SK-A-{k}.TIF" for k in range(24)))
    write_table(
        tmp_path / "liste" / "a.csv", ("Inv.Nr", "Stil", "Depot", "Maler"), rows, encoding="cp1252", delimiter=";"
    )
    (tmp_path / "my.toml").write_text(
        'name = "Städtische Galerie: 2024"\npictures = "bilder"\ntable = "liste/a.csv"\npath = "Inv.Nr"\n'
        'group = "Maler"\nlabels = ["Stil"]\n',
        encoding="utf-8",
    )
    task = only(tmp_path / "my.toml")
    assert task.spec.name == "collection:Städtische Galerie- 2024:Stil"
    assert task.dataset.root == tmp_path / "bilder"
    assert task.dataset.path(0).is_file()
    assert labels_by_id(task)["SK-A-5"] == STYLES[2]
    # The folder that holds it as collection.toml will do as well.
    (tmp_path / "my.toml").rename(tmp_path / "collection.toml")
    assert only(tmp_path).listing == task.listing


def test_parquet_is_a_table_too(tmp_path: Path) -> None:
    write_museum(tmp_path)
    columns = {"path": [path for path, *_ in works()], "style": [style for _, style, *_ in works()]}
    pq.write_table(pa.table(columns), tmp_path / "works.parquet")
    table = write_table(tmp_path / "works.csv", ("path", "style"), list(zip(*columns.values(), strict=True)))
    assert only(tmp_path / "works.parquet").listing == only(table).listing


@pytest.mark.parametrize(
    ("listed", "file"),
    [
        ("Säle\\Saal 1\\Bild 1.JPG", "Säle/Saal 1/Bild 1.jpg"),
        ("./bild.jpg", "bild.jpg"),
        ("cafe\u0301.jpg", "caf\u00e9.jpg"),
        ("caf\u00e9.jpg", "cafe\u0301.jpg"),
        ("Joaqu\u00edn Sorolla.jpg", "Joaqu\u251c\u00a1n Sorolla.jpg"),
        ("joaqu\u00e3\u00adn.jpg", "joaqu__n.jpg"),
        ("SK-A-1718", "SK-A-1718.tif"),
        ("SK-A-4.2", "sk-a-4.2.PNG"),
        ("saal/1.jpg", "Saal/1.JPG"),
    ],
)
def test_a_file_is_found_under_other_spellings(listed: str, file: str, tmp_path: Path) -> None:
    touch(tmp_path, file, "a.jpg", "b.jpg", "c.jpg")
    rows = [(listed, "x"), ("a.jpg", "x"), ("b.jpg", "y"), ("c.jpg", "y")]
    task = only(write_table(tmp_path / "works.csv", ("file", "kind"), rows))
    assert list(task.targets.missing) == []
    assert len(task.dataset) == 4
    assert {task.dataset.path(row).relative_to(tmp_path).as_posix() for row in range(4)} >= {file}


def test_two_files_that_come_into_question_are_none(tmp_path: Path) -> None:
    touch(tmp_path, "SK-A-1.tif", "SK-A-1.jpg", *(f"{k}.jpg" for k in range(4)))
    rows = [("SK-A-1", "x"), *((f"{k}.jpg", "xy"[k % 2]) for k in range(4))]
    assert only(write_table(tmp_path / "works.csv", ("file", "kind"), rows)).targets.missing == ["SK-A-1"]
