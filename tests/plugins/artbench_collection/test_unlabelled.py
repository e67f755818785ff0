"""Images without labels: no task, but a pool to pretrain on."""

from pathlib import Path

import pytest

from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_datasets_with_tasks
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.pretrain.opening import open_pool
from artbench.runtime.progress import Silent
from tests.plugins.artbench_collection.museum import ids, only, opened, touch, write_museum, write_table
from tests.support.reporters import RecordingReporter

FLAT = [f"{number:02}.jpg" for number in range(12)]


def pooled(name: object, *more: str) -> tuple[list[str], list[str]]:
    """Ids in the pool, and what was told."""
    listener = RecordingReporter()
    names = [f"collection:{name}", *more]
    paths = DatasetPaths()
    pool = open_pool(names, registry=load_plugins(), paths=paths, reporter=listener).pool
    return [image for part in pool.manifest.parts for image in part.images], listener.notices


def refused(name: object) -> str:
    with pytest.raises(ArtbenchError) as refusal:
        opened(f"collection:{name}")
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_flat_folder_trains_with_all_its_images_and_has_no_task(tmp_path: Path) -> None:
    touch(tmp_path / "scans", *FLAT, ".hidden.jpg", "._00.jpg", "Thumbs.db", "notes.txt", ".trash/1.jpg")
    found, notices = pooled(tmp_path / "scans")
    assert found == FLAT
    told = "has no labels: all 12 images train, and none is kept apart for testing."
    assert notices == [f"collection:{tmp_path / 'scans'} {told}"]
    for name in (tmp_path / "scans", f"{tmp_path / 'scans'}:class"):
        assert "collection:scans has no labels, and so no task: its images are in no folders" in refused(name)
        assert "`artbench pretrain` takes the images as they are" in refused(name)


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        (["Depot/2019/Mai/1.jpg", "Depot/2020/2.jpg", "Depot/3.jpg"], "all in one folder, Depot"),
        (["A 1/1.jpg", "A 2/1.jpg", "A 3/recto/1.jpg"], "each of its folders holds one image"),
        ([*FLAT, "neu/1.jpg", "neu/2.jpg", "alt/1.jpg"], "more of its images lie beside the folders than in them"),
    ],
)
def test_folders_that_can_be_no_classes_train_with_all_their_images(paths: list[str], why: str, tmp_path: Path) -> None:
    touch(tmp_path, *paths)
    assert pooled(tmp_path)[0] == sorted(paths)
    assert why in refused(tmp_path)


def test_folders_of_classes_keep_their_test_pictures_out_unless_the_owner_says_that_they_are_none(
    tmp_path: Path,
) -> None:
    touch(tmp_path, *(f"{year}/{number}.jpg" for year in (2019, 2020) for number in range(10)), "cover.jpg")
    task = only(tmp_path)
    found, notices = pooled(tmp_path)
    assert (set(found), len(found), notices) == (ids(task, "train"), 16, [])
    (tmp_path / "collection.toml").write_text("labels = []\n")
    assert len(pooled(tmp_path)[0]) == 21
    assert "its TOML says labels = []" in refused(tmp_path)


def test_splits_without_classes_are_kept(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{part}/{number}.jpg" for part in ("train", "val", "test") for number in range(4)), "cover.jpg")
    found, notices = pooled(tmp_path)
    assert found == [f"train/{number}.jpg" for number in range(4)]
    assert "the 4 of its 12 images train that are there for it" in notices[0]
    rows = [(name, "test" if number < 3 else "train", f"Ohne Titel {number}") for number, name in enumerate(FLAT)]
    touch(tmp_path / "museum", *FLAT)
    table = write_table(tmp_path / "museum" / "works.csv", ("path", "split", "title"), rows)
    assert pooled(table)[0] == FLAT[3:]


def test_a_table_without_columns_of_labels_trains_with_all_that_is_there(tmp_path: Path) -> None:
    touch(tmp_path, *FLAT[1:])
    rows = [(name, f"Ohne Titel {number}") for number, name in enumerate(FLAT)]
    table = write_table(tmp_path / "works.csv", ("path", "title"), rows)
    assert pooled(table)[0] == FLAT[1:]
    assert "collection:works has no task: no column of" in refused(table)
    write_table(tmp_path / "works.csv", ("path",), [(name,) for name in FLAT])
    assert pooled(table)[0] == FLAT[1:]


def test_labels_that_nobody_wants_are_no_task_by_any_name(tmp_path: Path) -> None:
    write_museum(tmp_path)
    (tmp_path / "my.toml").write_text("table = 'works.csv'\nlabels = []\n")
    assert len(pooled(tmp_path / "my.toml")[0]) == 30
    assert "its TOML says labels = []" in refused(f"{tmp_path / 'my.toml'}:style")


def test_a_table_among_the_images_may_hold_labels_so_nothing_trains_before_it_is_clear(tmp_path: Path) -> None:
    write_museum(tmp_path)
    told = r"Is it collection:.*works\.csv\? If there are none, write labels = \[\]"
    with pytest.raises(ArtbenchError, match=told):
        pooled(tmp_path)
    with pytest.raises(ArtbenchError, match=told):
        opened(f"collection:{tmp_path}")
    (tmp_path / "collection.toml").write_text("labels = []\n")
    assert len(pooled(tmp_path)[0]) == 30


def test_labelled_and_unlabelled_images_make_one_pool(tmp_path: Path) -> None:
    table = write_museum(tmp_path / "museum")
    touch(tmp_path / "scans", *FLAT)
    found, _ = pooled(tmp_path / "scans", f"collection:{table}")
    tested = {image for task in opened(f"collection:{table}") for image in ids(task, "test")}
    assert set(FLAT) < set(found)
    assert tested
    assert not tested & set(found)


def test_they_can_be_checked_and_audited_like_any_dataset(tmp_path: Path) -> None:
    touch(tmp_path, *FLAT)
    (found,) = open_datasets_with_tasks(
        [f"collection:{tmp_path}"], registry=load_plugins(), paths=DatasetPaths(), reporter=Silent()
    )
    assert (len(found.dataset), dict(found.tasks), dict(found.unreadable)) == (12, {}, {})
