import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from artbench.errors import ArtbenchError
from artbench_wikiart.dataset import open_wikiart
from artbench_wikiart.tasks import artist_targets, genre_targets, style_targets
from tests.support.releases.wikiart import texts, write_images, write_lists, write_release


def _unpacked(folder: Path) -> Path:
    return write_release(folder)


def _root_is_the_images_lists_in_it(folder: Path) -> Path:
    write_images(folder)
    write_lists(folder, texts())
    return folder


def _root_is_the_images_list_folder_in_it(folder: Path) -> Path:
    write_images(folder)
    write_lists(folder / "wikiart_csv", texts())
    return folder


def _root_is_the_images_list_folder_beside_it(folder: Path) -> Path:
    return write_release(folder) / "wikiart"


def _everything_in_wikiart(folder: Path) -> Path:
    write_images(folder / "wikiart")
    write_lists(folder / "wikiart" / "wikiart_csv", texts())
    return folder


def _repository_with_images_beside(folder: Path) -> Path:
    write_images(folder / "wikiart")
    write_lists(folder / "WikiArt Dataset", texts(repository=True), by_task=True)
    return folder


def _repository_with_pictures_in_it(folder: Path) -> Path:
    write_images(folder / "WikiArt Dataset")
    write_lists(folder / "WikiArt Dataset", texts(repository=True), by_task=True)
    return folder


def _repository_folder_with_images(folder: Path) -> Path:
    write_images(folder)
    write_lists(folder, texts(repository=True), by_task=True)
    return folder


def _repository_gzipped(folder: Path) -> Path:
    write_images(folder / "wikiart")
    write_lists(folder, texts(repository=True), by_task=True, zipped=True)
    return folder


LAYOUTS = [
    _unpacked,
    _root_is_the_images_lists_in_it,
    _root_is_the_images_list_folder_in_it,
    _root_is_the_images_list_folder_beside_it,
    _everything_in_wikiart,
    _repository_with_images_beside,
    _repository_with_pictures_in_it,
    _repository_folder_with_images,
    _repository_gzipped,
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_the_same_dataset(layout: Callable[[Path], Path], tmp_path: Path) -> None:
    usual = open_wikiart(write_release(tmp_path / "usual"))
    dataset = open_wikiart(layout(tmp_path / "other"))
    assert dataset.ids == usual.ids
    assert dataset.fingerprint == usual.fingerprint
    assert [len(dataset.read(row)) for row in range(len(dataset))] == [1, 2, 3, 4]
    for targets in (style_targets, artist_targets, genre_targets):
        assert targets(dataset).fingerprint(dataset) == targets(usual).fingerprint(usual)


def test_a_relative_folder_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_release(tmp_path) / "wikiart")
    assert len(open_wikiart(Path())) == 4


def test_a_folder_with_nothing_of_it_says_what_belongs_there(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(ArtbenchError) as caught:
        open_wikiart(tmp_path)
    line = str(caught.value)
    for part in (str(tmp_path), "style_train.csv", "wikiart_csv/", "github.com/cs-chan/ArtGAN"):
        assert part in line
    assert "\n" not in line


def test_lists_without_images_say_where_they_were_looked_for(tmp_path: Path) -> None:
    shutil.rmtree(write_release(tmp_path) / "wikiart")
    with pytest.raises(
        ArtbenchError, match=rf"no images in {tmp_path}.*Abstract_Expressionism.*wikiart/<Style>.*ArtGAN"
    ):
        open_wikiart(tmp_path)


def test_a_part_of_the_lists_of_a_task_is_not_enough(tmp_path: Path) -> None:
    (write_release(tmp_path) / "wikiart_csv" / "genre_val.csv").unlink()
    with pytest.raises(ArtbenchError, match=r"wikiart_csv holds lists of the task genre, but no genre_val"):
        open_wikiart(tmp_path)


def test_a_task_without_lists_leaves_the_others_usable(tmp_path: Path) -> None:
    write_images(tmp_path / "wikiart")
    write_lists(tmp_path, {name: text for name, text in texts().items() if not name.startswith("genre")})
    dataset = open_wikiart(tmp_path)
    assert len(style_targets(dataset).train) == 2
    with pytest.raises(ArtbenchError, match=r"no lists of the task genre.*only of artist, style.*ArtGAN"):
        genre_targets(dataset)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = write_release(tmp_path) / "wikiart" / "Realism"
    shutil.rmtree(folder)
    folder.symlink_to(folder)
    with pytest.raises(ArtbenchError, match="Realism can't be read"):
        open_wikiart(tmp_path)
