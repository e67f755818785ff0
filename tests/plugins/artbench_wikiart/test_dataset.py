from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from artbench.data.authoring.listing import match_files
from artbench.data.dataset import Dataset
from artbench_wikiart.dataset import open_wikiart
from artbench_wikiart.layout import find_lists
from artbench_wikiart.lists import read_lists
from artbench_wikiart.tasks import artist_targets, genre_targets, style_targets
from tests.support.real_data import REAL_DATA, needs_real_data
from tests.support.releases.wikiart import PAINTERS, write_images, write_release

TARGETS = {"style": style_targets, "artist": artist_targets, "genre": genre_targets}
PUBLISHED = {"style": (27, 57_025, 24_421), "artist": (23, 13_346, 5_706), "genre": (10, 45_503, 19_492)}


def test_the_images_are_those_that_any_list_names(tmp_path: Path) -> None:
    write_images(write_release(tmp_path) / "wikiart", "Realism/not-listed.jpg", "Cubism/not-listed.jpg")
    (tmp_path / "wikiart" / "Realism" / "folder.jpg").mkdir()
    dataset = open_wikiart(tmp_path)
    assert list(dataset.ids) == [
        "Abstract_Expressionism/gene-davis_untitled(3).jpg",
        "Art_Nouveau_Modern/a_b.jpg",
        "Art_Nouveau_Modern/a_d.jpg",
        "Realism/ilya-repin_c.jpg",
    ]
    assert dataset.files[3] == "wikiart/Realism/ilya-repin_c.jpg"


def test_the_state_of_an_image_is_its_size_as_for_any_dataset(tmp_path: Path) -> None:
    dataset = open_wikiart(write_release(tmp_path))
    usual = Dataset(name="wikiart", root=dataset.root, ids=dataset.ids, files=dataset.files)
    assert dataset.fingerprint == usual.fingerprint


def test_labels_are_those_of_the_lists_not_of_the_folder(tmp_path: Path) -> None:
    dataset = open_wikiart(write_release(tmp_path))
    targets = style_targets(dataset)
    row = dataset.rows["Art_Nouveau_Modern/a_b.jpg"]
    (label,) = targets.train.labels[targets.train.rows == row]
    assert targets.classes[label] == "Art_Nouveau"
    assert artist_targets(dataset).classes == PAINTERS


def test_train_and_val_are_as_listed_and_validation_is_left_to_the_protocol(tmp_path: Path) -> None:
    dataset = open_wikiart(write_release(tmp_path))
    targets = style_targets(dataset)
    assert (targets.train.rows.tolist(), targets.train.labels.tolist()) == ([0, 1], [0, 1])
    assert (targets.test.rows.tolist(), targets.test.labels.tolist()) == ([3, 2], [2, 1])
    assert targets.validation is None
    assert targets.train.rows.dtype == targets.train.labels.dtype == np.int64


def test_an_image_may_train_one_task_and_test_another(tmp_path: Path) -> None:
    dataset = open_wikiart(write_release(tmp_path))
    row = dataset.rows["Realism/ilya-repin_c.jpg"]
    assert row in artist_targets(dataset).train.rows
    assert row in style_targets(dataset).test.rows


def test_an_image_listed_twice_with_two_labels_stays_twice(tmp_path: Path) -> None:
    targets = genre_targets(open_wikiart(write_release(tmp_path)))
    assert targets.test.rows.tolist() == [3, 2, 3]
    assert targets.test.labels.tolist() == [0, 0, 1]


def test_missing_images_are_those_of_the_task(tmp_path: Path) -> None:
    (write_release(tmp_path) / "wikiart" / "Abstract_Expressionism" / "gene-davis_untitled(3).jpg").unlink()
    dataset = open_wikiart(tmp_path)
    assert len(dataset) == 3
    assert style_targets(dataset).missing == ["Abstract_Expressionism/gene-davis_untitled(3).jpg"]
    assert len(style_targets(dataset).train) == 1
    assert artist_targets(dataset).missing == []


@needs_real_data
@pytest.mark.parametrize("folder", ["wikiart-mini", "wikiart-mini/wikiart"])
def test_the_real_images_have_their_published_rows(folder: str) -> None:
    dataset = open_wikiart(REAL_DATA / folder)
    assert len(dataset) == 5_782
    counts = {}
    for task, targets_of in TARGETS.items():
        targets = targets_of(dataset)
        assert targets.missing == []
        assert len(targets.classes) == PUBLISHED[task][0]
        counts[task] = (len(targets.train), len(targets.test))
    assert counts == {"style": (4_043, 1_739), "artist": (1_116, 481), "genre": (3_807, 1_646)}


@needs_real_data
def test_the_true_lists_have_their_published_rows_and_mangled_names_find_them() -> None:
    lists = {task: read_lists(files) for task, files in find_lists(REAL_DATA / "artgan-lists").items()}
    counts = {task: (len(read.classes), len(read.train), len(read.val)) for task, read in lists.items()}
    assert counts == PUBLISHED
    train = {row.path for read in lists.values() for row in read.train}
    val = {row.path for read in lists.values() for row in read.val}
    assert len(train | val) == 81_446
    assert len(train & val) == 566
    mojibake = {path for path in train | val if not path.isascii()}
    assert len(mojibake) == 709
    files = {path: path.encode().decode("cp437") for path in train | val}
    assert match_files(train | val, list(files.values())) == files


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[Path]:
    """A folder that is gone after the test: pytest would keep three of them, each with 81,446 files."""
    with TemporaryDirectory(dir=tmp_path) as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@needs_real_data
def test_the_whole_release_has_the_published_counts(short_lived: Path) -> None:
    (short_lived / "WikiArt Dataset").symlink_to(REAL_DATA / "artgan-lists")
    lists = [read_lists(files) for files in find_lists(short_lived).values()]
    listed = {row.path for task in lists for row in (*task.train, *task.val)}
    for folder in {path.partition("/")[0] for path in listed}:
        (short_lived / "wikiart" / folder).mkdir(parents=True)
    for path in listed:
        (short_lived / "wikiart" / path.encode().decode("cp437")).touch()
    dataset = open_wikiart(short_lived)
    assert set(dataset.ids) == listed
    assert len(set(dataset.files)) == 81_446
    for task, targets_of in TARGETS.items():
        targets = targets_of(dataset)
        assert targets.missing == []
        assert (len(targets.classes), len(targets.train), len(targets.test)) == PUBLISHED[task]
    assert len(np.unique(genre_targets(dataset).test.rows)) == 19_491
