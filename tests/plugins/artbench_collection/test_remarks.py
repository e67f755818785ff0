"""What a collection says of how it was understood, before anything is measured."""

from pathlib import Path

import pytest

from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_tasks
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from tests.plugins.artbench_collection.museum import ids, only, opened, touch, works, write_table
from tests.support.reporters import RecordingReporter


def remarks(path: Path) -> list[str]:
    return list(load_plugins().datasets.get(f"collection:{path}").remarks)


def told(path: Path) -> list[str]:
    reporter = RecordingReporter()
    names = [f"collection:{path}"]
    open_tasks(names, registry=load_plugins(), paths=DatasetPaths(), allow_partial=True, reporter=reporter)
    return reporter.notices


def test_two_folders_named_like_splits_are_splits_and_a_line_says_so(tmp_path: Path) -> None:
    paths = [f"{part}/{style}/{n}.jpg" for part in ("train", "val") for style in ("a", "b") for n in range(4)]
    touch(tmp_path, *paths)
    task = only(tmp_path)
    assert task.targets.classes == ("a", "b")
    assert ids(task, "train") == {path for path in paths if path.startswith("train/")}
    # Nothing else could test.
    assert ids(task, "test") == {path for path in paths if path.startswith("val/")}
    said = "the folders train, val are taken for splits, and folders in them for classes; there is no test, so the "
    assert remarks(tmp_path) == [f"{said}validation tests"]
    assert told(tmp_path) == [f"collection:{tmp_path.name}: {said}validation tests."]
    (tmp_path / "train").rename(tmp_path / "test")
    with pytest.raises(ArtbenchError, match="names no train images"):
        only(tmp_path)


def test_a_folder_named_like_a_split_beside_others_is_a_class(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name}/{n}.jpg" for name in ("train", "boat") for n in range(4)))
    assert only(tmp_path).targets.classes == ("boat", "train")
    assert remarks(tmp_path) == []


def test_a_table_in_a_folder_of_classes_is_named(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name}/{n}.jpg" for name in ("north", "south") for n in range(4)))
    (tmp_path / "list.csv").write_text("path,style\n")
    said = f"list.csv lies there and was not read: name collection:{tmp_path / 'list.csv'} to have its columns"
    assert remarks(tmp_path) == [said]
    # Whoever describes the folder knows what lies in it.
    (tmp_path / "collection.toml").write_text("name = 'Galerie'\n")
    assert remarks(tmp_path) == []


def test_years_stay_tasks_beside_labels_and_what_can_not_be_read_is_counted(tmp_path: Path) -> None:
    dates = ("1650", "c. 1650-75", "17th century", "n.d.", "")
    rows = [(path, style, dates[k % 5]) for k, (path, style, *_) in enumerate(works(40))]
    touch(tmp_path, *(path for path, *_ in rows))
    write_table(tmp_path / "works.csv", ("path", "style", "date"), rows)
    (tmp_path / "my.toml").write_text("table = 'works.csv'\nlabels = ['style']\nyears = ['date']\n")
    styles, years = opened(f"collection:{tmp_path / 'my.toml'}")
    assert (styles.spec.name, years.spec.name) == ("collection:my:style", "collection:my:date")
    labels = [*years.targets.train.labels.tolist(), *years.targets.test.labels.tolist()]
    assert sorted(set(labels)) == [1650, 1650.5, 1662.5]
    assert len(labels) == 24
    assert remarks(tmp_path / "my.toml") == [
        "8 of 32 dates in 'date' can't be read as years and are left out, 'n.d.' for one"
    ]


def test_a_column_of_museums_is_said_to_make_a_task_with_another(tmp_path: Path) -> None:
    rows = [(path, style, f"Haus {k % 2}") for k, (path, style, *_) in enumerate(works(40))]
    touch(tmp_path, *(path for path, *_ in rows))
    table = write_table(tmp_path / "works.csv", ("path", "style", "Museum"), rows)
    assert remarks(table) == [
        "the column 'Museum' seems to say where images are from: the task collection:PATH:style@Museum asks whether a "
        "network sees that"
    ]
    (asked,) = opened(f"collection:{table}:style@Museum")
    assert asked.spec.target == "museum-bias"
    table = write_table(tmp_path / "alone.csv", ("path", "Museum"), [(path, museum) for path, _, museum in rows])
    assert remarks(table) == []


def test_columns_that_look_like_years_or_like_each_other_are_named(tmp_path: Path) -> None:
    rows = [(path, f"um {1600 + k % 20}", style, style) for k, (path, style, *_) in enumerate(works(40))]
    touch(tmp_path, *(path for path, *_ in rows))
    table = write_table(tmp_path / "works.csv", ("path", "Datierung", "Stil", "stil "), rows)
    assert remarks(table) == [
        "the columns 'Stil' and 'stil' are called nearly the same: each is its own",
        "the column 'Datierung' looks like years: years = ['Datierung'] in a TOML makes a task of them",
    ]


def test_a_folder_without_labels_is_said_to_be_one(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{n}.jpg" for n in range(4)))
    assert remarks(tmp_path) == ["there are no labels: its images are in no folders that could be classes"]


def test_missing_images_are_known_by_split(tmp_path: Path) -> None:
    rows = [(path, style, "test" if k < 9 else "train") for k, (path, style, *_) in enumerate(works(30))]
    touch(tmp_path, *(path for path, *_ in rows[2:-1]))
    task = only(f"{write_table(tmp_path / 'works.csv', ('path', 'style', 'split'), rows)}:style")
    missing = list(zip(task.targets.missing, task.targets.missing_splits, strict=True))
    assert missing == [(rows[0][0], "test"), (rows[1][0], "test"), (rows[-1][0], "train")]
    # What the museum says of an image is shown beside it.
    assert task.dataset.captions is not None
    assert task.dataset.captions[0] == f"style: {rows[2][1]}"
    assert task.dataset.columns == {"style": [style for _, style, _ in rows[2:-1]]}
