"""The pictures of a folder, whatever else lies in it."""

from pathlib import Path

import pytest

from artbench.catalogue.pictures import open_pictures
from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent
from tests.support.real_data import REAL_DATA, needs_real_data
from tests.support.run_tasks import paint


def opened(name: str) -> Dataset:
    return open_pictures(name, registry=load_plugins(), paths=DatasetPaths(), reporter=Silent())


def test_all_pictures_of_a_folder_count_and_nothing_else(tmp_path: Path) -> None:
    paint(tmp_path / "Côté" / "Dürer.png", 1)
    paint(tmp_path / "b.jpg", 2)
    paint(tmp_path / "Salle 2" / "tiroir" / "=1+1.png", 3)
    paint(tmp_path / ".hidden.png", 4)
    (tmp_path / "catalogue.csv").write_text("path,style\nb.jpg,Cubism\n")
    found = opened(str(tmp_path))
    assert found.ids == ["Côté/Dürer.png", "Salle 2/tiroir/=1+1.png", "b.jpg"]
    assert all(found.path(row).is_file() for row in range(3))


def test_a_dataset_is_opened_by_its_name(tmp_path: Path) -> None:
    for number in range(4):
        paint(tmp_path / f"{number}.png", number)
    (tmp_path / "list.csv").write_text("path,style\n0.png,a\n1.png,b\n2.png,a\n")
    assert opened(f"collection:{tmp_path / 'list.csv'}").ids == ["0.png", "1.png", "2.png"]


def test_what_holds_no_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path\n")
    with pytest.raises(ArtbenchError, match="holds no pictures"):
        opened(str(tmp_path))
    with pytest.raises(UsageError, match="is a file") as raised:
        opened(str(tmp_path / "list.csv"))
    assert "collection:" in raised.value.mend
    with pytest.raises(UsageError, match="there is no folder"):
        opened(str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="no dataset is called 'smaple'"):
        opened("smaple")
    with pytest.raises(UsageError, match="empty"):
        opened("")


def test_two_spellings_of_one_name_are_refused(tmp_path: Path) -> None:
    paint(tmp_path / "D\u00fcrer.png", 1)
    paint(tmp_path / "Du\u0308rer.png", 2)
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system has one spelling of accents")
    with pytest.raises(ArtbenchError, match="both called D\u00fcrer"):
        opened(str(tmp_path))


@needs_real_data
def test_the_museums_own_folder_opens() -> None:
    found = opened(str(REAL_DATA / "rijksmuseum-2014"))
    assert len(found) == 100
    assert all(id_.startswith("jpg/") for id_ in found.ids)
