import csv
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artbench.data.targets import Targets
from artbench.errors import ArtbenchError, UsageError
from artbench.opening import OpenTask, open_tasks
from artbench.plugins import load_plugins
from artbench.reporting import Silent
from tests.plugins.running import paint, run_tasks

STYLES = ("Barock", "Jugendstil", "Realismus")


def opened(*names: str, allow_partial: bool = True) -> list[OpenTask]:
    found = open_tasks(
        names, registry=load_plugins(), data_root=None, placed={}, allow_partial=allow_partial, reporter=Silent()
    )
    return [task for tasks in found for task in tasks]


def only(name: object, **options: Any) -> OpenTask:
    (task,) = opened(f"collection:{name}", **options)
    return task


def touch(root: Path, *paths: str) -> None:
    for size, path in enumerate(paths, start=1):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(bytes(size))


def write_table(
    file: Path, head: Sequence[str], rows: Sequence[Sequence[object]], *, encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding=encoding) as opened_file:
        csv.writer(opened_file, delimiter=delimiter).writerows([head, *rows])
    return file


def works(count: int = 30) -> list[tuple[str, str, str, str]]:
    """Path, style, painter (each of two styles) and title."""
    return [(f"scans/{k:03}.jpg", STYLES[k % 3], f"Maler {k % 5}", f"Ohne Titel {k}") for k in range(count)]


def write_museum(root: Path, count: int = 30) -> Path:
    touch(root, *(path for path, *_ in works(count)))
    return write_table(root / "works.csv", ("path", "style", "painter", "title"), works(count))


def labels_by_id(task: OpenTask) -> dict[str, str]:
    found = {}
    for _, split in task.targets.splits:
        for row, label in zip(split.rows.tolist(), split.labels.tolist(), strict=True):
            found[task.dataset.ids[row]] = task.targets.classes[label]
    return found


def ids(task: OpenTask, part: str) -> set[str]:
    return {task.dataset.ids[row] for row in dict(task.targets.splits)[part].rows.tolist()}


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
    assert len(task.fingerprint) == 64


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
    assert partial.fingerprint != whole.fingerprint


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


def test_groups_that_are_the_classes_are_told(tmp_path: Path) -> None:
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
    write_table(tmp_path / "works.csv", ("path", "year"), [("0.jpg", "1650"), ("1.jpg", "um 1650")])
    with pytest.raises(ArtbenchError, match=r"the year of 1\.jpg is 'um 1650', which is no year\. Write a number"):
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
    assert only(tmp_path).fingerprint == task.fingerprint


def test_parquet_is_a_table_too(tmp_path: Path) -> None:
    write_museum(tmp_path)
    columns = {"path": [path for path, *_ in works()], "style": [style for _, style, *_ in works()]}
    pq.write_table(pa.table(columns), tmp_path / "works.parquet")
    table = write_table(tmp_path / "works.csv", ("path", "style"), list(zip(*columns.values(), strict=True)))
    assert only(tmp_path / "works.parquet").fingerprint == only(table).fingerprint


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


MISTAKES = {
    "no column of paths": ("Datei,style\n1.jpg,a\n", r"no column of .*works\.csv is called path.*'Datei', 'style'"),
    "a path twice": ("path,style\n1.jpg,a\n./1.jpg,b\n", r"line 3: 1\.jpg is listed a second time, first in line 2"),
    "an absolute path": ("path,style\n/etc/passwd,a\n", r"line 2: the path '/etc/passwd' is absolute"),
    "a Windows drive": ("path,style\nD:\\scans\\1.jpg,a\n", r"line 2: the path .* is absolute"),
    "a path that leads out": ("path,style\n1.jpg,a\n..\\2.jpg,a\n", r"line 3: the path .* leads out of the folder"),
    "no path": ("path,style\n,a\n", r"line 2: the path '' names no file"),
    "nothing there": (
        "path,style\n6.jpg,a\n7.jpg,a\n8.jpg,b\n9.jpg,b\n",
        r"none of the 4 pictures .*6\.jpg for one.*pictures = ",
    ),
    "no rows": ("path,style\n", r"lists no picture"),
    "one class": ("path,style\n1.jpg,a\n2.jpg,a\n", r"no column .* looks like labels"),
    "a split of another name": ("path,split\n1.jpg,train\n2.jpg,holdout\n", r"line 3: the split 'holdout' is none of"),
    "no test": ("path,style,split\n1.jpg,a,train\n2.jpg,b,val\n", r"no row of .* has test in the column 'split'"),
    "a row too short": ("path,style\n1.jpg\n", r"line 2: 1 values for the 2 columns"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_has_its_line(mistake: str, tmp_path: Path) -> None:
    text, reason = MISTAKES[mistake]
    touch(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "works.csv").write_text(text)
    with pytest.raises(ArtbenchError, match=reason) as caught:
        opened(f"collection:{tmp_path / 'works.csv'}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("styles", r"no column of labels 'styles'\. Is it style\? There are style, painter, title"),
        ("title", r"another value for every picture, such as 'Ohne Titel 0'.*Is it a title"),
    ],
)
def test_a_column_that_is_no_task_is_told(column: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=reason):
        only(f"{write_museum(tmp_path)}:{column}")


def test_a_column_of_one_value_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "2.jpg")
    table = write_table(tmp_path / "works.csv", ("path", "style"), [("1.jpg", "a"), ("2.jpg", "a")])
    with pytest.raises(ArtbenchError, match=r"'style' of .* holds one value alone, 'a'\. A task needs at least two"):
        only(f"{table}:style")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tabel = 'works.csv'", r"nothing is called 'tabel' here\. Is it table\?"),
        ("labels = 'style'", r"labels is 'style', and should be a list of columns"),
        ("labels = [1]", r"labels is \[1\], and should be a list"),
        ("several = { style = '' }", r"several is .* and should be a table of columns and the sign"),
        ("table = 'gone.csv'", r"gone\.csv can't be read"),
        ("table = 'works.csv'\npath = 'Datei'", r"no column 'Datei'"),
        ("table = 'works.csv'\ngroup = 'paintre'", r"no column 'paintre'\. Is it painter\?"),
        ("table = 'works.csv'\nlabels = ['Style']", r"no column 'Style'\. Is it style or title\?"),
        ("pictures = 'nowhere'\ntable = 'works.csv'", r"no folder of pictures at .*nowhere"),
        ('table = "D:\\scans\\works.csv"', r"can't be read as TOML.*Windows paths"),
        ("table", r"can't be read as TOML"),
    ],
)
def test_each_mistake_in_a_toml_is_told(text: str, reason: str, tmp_path: Path) -> None:
    write_museum(tmp_path)
    (tmp_path / "my.toml").write_text(text)
    with pytest.raises(ArtbenchError, match=reason):
        opened(f"collection:{tmp_path / 'my.toml'}")


def test_what_is_no_collection_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    with pytest.raises(UsageError, match="nothing lies at 'nowhere'"):
        opened("collection:nowhere")
    with pytest.raises(UsageError, match="nothing lies at"):
        opened("collection:")
    with pytest.raises(ArtbenchError, match=r"1\.jpg is no collection"):
        opened(f"collection:{tmp_path / '1.jpg'}")
    touch(tmp_path, "Liste.XLSX")
    with pytest.raises(ArtbenchError, match=r"Liste\.XLSX is no collection\. Save it as CSV from the spreadsheet"):
        opened(f"collection:{tmp_path / 'Liste.XLSX'}")
    with pytest.raises(ArtbenchError, match=r"holds no folders of pictures\. A folder needs"):
        opened(f"collection:{tmp_path}")
    write_museum(tmp_path / "more")
    (tmp_path / "more" / "scans").rename(tmp_path / "scans")
    with pytest.raises(ArtbenchError, match=r"Is it collection:.*works\.csv\?"):
        opened(f"collection:{tmp_path / 'more'}")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_a_listed_link_that_leads_out_is_refused_and_others_are_nobodys_business(tmp_path: Path) -> None:
    touch(tmp_path, "secret.jpg")
    table = write_museum(tmp_path / "museum")
    (tmp_path / "museum" / "scans" / "unlisted.jpg").symlink_to(tmp_path / "secret.jpg")
    assert len(only(f"{table}:style").dataset) == 30
    (tmp_path / "museum" / "scans" / "003.jpg").unlink()
    (tmp_path / "museum" / "scans" / "003.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(ArtbenchError, match=r"003\.jpg is a link that leads out"):
        only(f"{table}:style")


def test_a_collection_is_on_record_without_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = write_museum(tmp_path)
    for k, (path, *_) in enumerate(works()):
        paint(tmp_path / path, k)
    records = run_tasks(f"collection:{table}", data=None, folder=tmp_path / "out", monkeypatch=monkeypatch)
    assert sorted(records) == ["collection:works:painter", "collection:works:style"]
    record = records["collection:works:style"]
    # The colour of a picture says its style here.
    assert record["metrics"]["accuracy"]["value"] > 0.9
    for file in (tmp_path / "out" / "results").rglob("*"):
        assert not file.is_file() or str(tmp_path).encode() not in file.read_bytes()


def test_all_kinds_of_columns_go_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(path, style, "oil;wood" if k % 2 else "oil", 1500 + k, painter)
            for k, (path, style, painter, _) in enumerate(works(60))]  # fmt: skip
    write_table(tmp_path / "works.csv", ("path", "style", "medium", "year", "group"), rows)
    (tmp_path / "my.toml").write_text("table = 'works.csv'\nyears = ['year']\nseveral = { medium = ';' }\n")
    for k, (path, *_) in enumerate(rows):
        paint(tmp_path / path, k)
    name = f"collection:{tmp_path / 'my.toml'}"
    records = run_tasks(name, data=None, folder=tmp_path / "out", monkeypatch=monkeypatch)
    assert {name: record["primary_metric"] for name, record in records.items()} == {
        "collection:my:style": "accuracy",
        "collection:my:medium": "mean_average_precision",
        "collection:my:year": "mean_absolute_error",
    }
    assert records["collection:my:style"]["clusters"] == 1


def test_folders_and_a_toml_go_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(30):
        paint(tmp_path / "bilder" / STYLES[k % 3] / f"{k}.png", k)
    (tmp_path / "my.toml").write_text("pictures = 'bilder'\n")
    names = (f"collection:{tmp_path / 'bilder'}", f"collection:{tmp_path / 'my.toml'}:class")
    records = run_tasks(*names, data=None, folder=tmp_path / "out", monkeypatch=monkeypatch)
    assert sorted(records) == ["collection:bilder:class", "collection:my:class"]


def test_targets_are_checked_like_anyones(tmp_path: Path) -> None:
    write_museum(tmp_path)
    for k in range(10):
        (tmp_path / "scans" / f"{k:03}.jpg").unlink()
    with pytest.raises(ArtbenchError, match=r"collection:works:style: 10 of 30 pictures"):
        only(f"{tmp_path / 'works.csv'}:style", allow_partial=False)
    assert isinstance(only(f"{tmp_path / 'works.csv'}:style").targets, Targets)
