"""The list is read as it stands, and refused by line where it can't be understood."""

from pathlib import Path

import numpy as np
import pytest
from artbench_sketchbook.pages import medium, read
from PIL import Image

from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.testing import check_dataset, check_task

LIST = """\
page,artist,medium,split
a/1.png,Anna,chalk,train
a/2.png,Anna,ink,train
b/1.png,Bela,ink,test
b/2.png,Bela,chalk,test
gone.png,Bela,chalk,test
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four of the five pages on the list."""
    (tmp_path / "pages.csv").write_text(LIST)
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (8, 8)).save(tmp_path / name)
    return tmp_path


def test_artbench_finds_it() -> None:
    registry = load_plugins()
    assert [plugin.problem for plugin in registry.plugins if plugin.distribution == "artbench-sketchbook"] == [None]
    assert registry.tasks.get("sketchbook-medium").dataset == registry.datasets.get("sketchbook").name


def test_they_keep_the_contract_of_datasets_and_tasks(folder: Path) -> None:
    check_dataset("sketchbook", folder)
    check_task("sketchbook-medium", folder)


def test_splits_labels_and_artists_are_those_of_the_list(folder: Path) -> None:
    dataset = read(folder)
    targets = medium(dataset)
    assert targets.classes == ("chalk", "ink")
    assert [dataset.ids[row] for row in targets.train.rows] == ["a/1.png", "a/2.png"]
    np.testing.assert_array_equal(targets.test.labels, [1, 0])
    assert targets.validation is None
    assert targets.groups_of(targets.test) == ["Bela", "Bela"]
    assert targets.missing == ["gone.png"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("b/1.png", "../b/1.png", "line 4.*leads out"),
        ("ink,test", "ink,tset", "line 4.*'tset'"),
        ("Anna,ink", "Anna,", "line 3: no medium"),
        ("page,", "file,", "line 2: no page"),
    ],
)
def test_a_list_that_can_not_be_understood_is_refused_by_line(folder: Path, old: str, new: str, reason: str) -> None:
    (folder / "pages.csv").write_text(LIST.replace(old, new))
    with pytest.raises(ArtbenchError, match=reason):
        read(folder)


def test_a_folder_without_a_list_says_so(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"pages\.csv can't be read"):
        read(tmp_path)
