import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artbench.data.checks import is_partial
from artbench.errors import ArtbenchError
from artbench_wikiart.dataset import open_wikiart
from artbench_wikiart.hub import artist_targets, genre_targets, open_hub, style_targets
from tests.support.real_data import REAL_DATA, needs_real_data
from tests.support.releases.wikiart_hub import (
    EACH,
    NAMES,
    encoded,
    labels,
    write_card,
    write_hub_release,
    write_shard,
)
from tests.support.run_tasks import pixels, run_tasks


def test_pictures_are_read_row_by_row_from_any_thread(tmp_path: Path) -> None:
    dataset = open_hub(write_hub_release(tmp_path))
    assert len(dataset) == 2 * EACH
    assert dataset.ids[EACH + 3] == "train-00001-of-00002/00003"
    order = np.random.default_rng(0).permutation(len(dataset)).tolist()
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(dataset.read, order)) == [encoded(row) for row in order]
    with Image.open(io.BytesIO(dataset.read(17))) as image:
        assert np.array_equal(np.asarray(image), pixels(17))


def test_labels_are_those_of_the_rows_and_unknown_is_left_out(tmp_path: Path) -> None:
    dataset = open_hub(write_hub_release(tmp_path))
    for column, targets in (("style", style_targets(dataset)), ("artist", artist_targets(dataset))):
        for _, split in targets.splits:
            for row, label in zip(split.rows.tolist(), split.labels.tolist(), strict=True):
                assert targets.classes[int(label)] == NAMES[column][labels(row)[column]]
    assert artist_targets(dataset).classes == tuple(NAMES["artist"][1:])
    assert sum(len(split) for _, split in artist_targets(dataset).splits) == 60
    genre = genre_targets(dataset)
    assert genre.classes == ("abstract_painting", "cityscape")
    assert genre.groups is not None
    assert genre.groups[:5] == ["", "boris-kustodiev", "camille-pissarro", "rembrandt", ""]


def test_the_split_is_stratified_and_nearly_the_same_for_all_tasks(tmp_path: Path) -> None:
    dataset = open_hub(write_hub_release(tmp_path))
    style = style_targets(dataset)
    assert np.bincount(style.test.labels.astype(np.int64)).tolist() == [8, 8, 8]
    assert len(style.train) == 56
    shared = set(style.test.rows.tolist()) & set(artist_targets(dataset).test.rows.tolist())
    assert len(shared) > len(artist_targets(dataset).test) / 2


@pytest.mark.parametrize("named", [True, False])
def test_classes_are_named_inside_the_files_or_on_the_card(named: bool, tmp_path: Path) -> None:
    write_shard(tmp_path, 0, named=named)
    write_shard(tmp_path, 1, named=named)
    if not named:
        with pytest.raises(ArtbenchError, match=r"nothing in .* names the classes\. Put README\.md"):
            open_hub(tmp_path)
        write_card(tmp_path)
    dataset = open_hub(tmp_path)
    assert style_targets(dataset).classes == tuple(NAMES["style"])


def test_a_file_that_is_not_there_makes_the_copy_partial(tmp_path: Path) -> None:
    whole = open_hub(write_hub_release(tmp_path))
    (tmp_path / "data" / "train-00000-of-00002.parquet").unlink()
    partial = open_hub(tmp_path)
    assert list(partial.ids) == list(whole.ids)[EACH:]
    assert is_partial(style_targets(partial))
    assert style_targets(partial).fingerprint(partial) != style_targets(whole).fingerprint(whole)


def test_other_pictures_in_a_file_of_the_same_labels_are_another_state(tmp_path: Path) -> None:
    before = open_hub(write_hub_release(tmp_path)).fingerprint
    again = open_hub(write_hub_release(tmp_path)).fingerprint
    assert before == again
    file = tmp_path / "data" / "train-00001-of-00002.parquet"
    file.write_bytes(write_shard(tmp_path / "other", 0).read_bytes())
    assert open_hub(tmp_path).fingerprint != before


def test_the_snapshot_folder_of_the_hubs_cache_will_do_with_its_links(tmp_path: Path) -> None:
    write_hub_release(tmp_path / "blobs")
    (tmp_path / "snapshot" / "data").mkdir(parents=True)
    for file in (tmp_path / "blobs" / "data").iterdir():
        (tmp_path / "snapshot" / "data" / file.name).symlink_to(file)
    assert open_hub(tmp_path / "snapshot").fingerprint == open_hub(tmp_path / "blobs").fingerprint


def test_what_is_broken_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match=r"no data/train-00000-of-….parquet in .*README\.md.*huggingface\.co"):
        open_hub(tmp_path)
    file = write_shard(write_hub_release(tmp_path), 1, shards=3)
    with pytest.raises(ArtbenchError, match=r"mixes files of different releases"):
        open_hub(tmp_path)
    file.unlink()
    whole = tmp_path / "data" / "train-00001-of-00002.parquet"
    content = whole.read_bytes()
    whole.write_bytes(content[:-100])
    with pytest.raises(ArtbenchError, match=r"train-00001-of-00002\.parquet can't be read as Parquet"):
        open_hub(tmp_path)
    # Broken in the middle of the images: found when they are read.
    whole.write_bytes(content[:400] + bytes(4_000) + content[4_400:])
    dataset = open_hub(tmp_path)
    with pytest.raises(OSError, match=r"train-00001"):
        dataset.read(EACH)


def test_the_official_release_is_another_dataset(tmp_path: Path) -> None:
    with pytest.raises(ArtbenchError, match="wikiart: no lists"):
        open_wikiart(write_hub_release(tmp_path))


def test_every_task_goes_through_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [f"wikiart-huggan-{task}" for task in ("style", "artist", "genre")]
    data = f"wikiart-huggan={write_hub_release(tmp_path / 'hub')}"
    records = run_tasks(*tasks, data=data, folder=tmp_path, monkeypatch=monkeypatch)
    assert sorted(records) == sorted(tasks)
    # The colour of an image says its style here.
    assert records["wikiart-huggan-style"]["metrics"]["accuracy"]["value"] > 0.9
    assert {record["dataset"]["name"] for record in records.values()} == {"wikiart-huggan"}


@needs_real_data
def test_the_true_names_have_one_unknown_artist_and_one_unknown_genre() -> None:
    names = {
        column: (REAL_DATA / "huggan-wikiart-labels" / f"{column}_names.txt").read_text().splitlines()
        for column in ("artist", "genre", "style")
    }
    unknown = {column: [k for k, name in enumerate(of) if name.startswith("Unknown")] for column, of in names.items()}
    assert unknown == {"artist": [0], "genre": [10], "style": []}
    assert {column: len(of) - len(unknown[column]) for column, of in names.items()} == {
        "artist": 128,
        "genre": 10,
        "style": 27,
    }
