"""The pretraining pool, and the manifest that says what is in it."""

import json
from pathlib import Path

import numpy as np
import pytest

from artbench.data.dataset import Dataset
from artbench.data.pool import LabelledDataset, Manifest, PoolPart, read_manifest, read_summary, train_images
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench_wikiart.layout import find_lists
from artbench_wikiart.lists import read_lists
from artbench_wikiart.tasks import artist_targets, genre_targets, style_targets
from tests.support.real_data import REAL_DATA, needs_real_data


def split(*rows: int) -> Split:
    return Split(rows=np.array(rows, np.int64), labels=np.zeros(len(rows), np.int64))


def labelled(name: str, **tasks: tuple[Split, Split | None, Split]) -> LabelledDataset:
    ids = [f"{name}/{letter}" for letter in "fedcba"]
    return LabelledDataset(
        dataset=Dataset(name=name, root=Path(), ids=ids, files=ids, versions=["1"] * len(ids)),
        targets={
            task: Targets(classes=("a",), train=train, validation=validation, test=test)
            for task, (train, validation, test) in tasks.items()
        },
    )


def test_what_any_task_is_measured_on_is_left_out_and_what_none_trains_on_too() -> None:
    pool = train_images(
        [
            labelled("one", style=(split(0, 1, 2), None, split(3)), artist=(split(0, 3), split(1), split(4))),
            labelled("two", style=(split(5, 0), None, split(1))),
        ]
    )
    assert [rows.tolist() for rows in pool.rows] == [[0, 2], [0, 5]]
    assert len(pool) == 4
    assert pool.manifest.images_of("one") == {"one/f", "one/d"}
    assert pool.manifest.parts[0].tasks == ("artist", "style")
    assert pool.manifest.parts[0].held_out == 3
    assert pool.manifest.summary.datasets == {"one": 2, "two": 2}


def test_the_hash_does_not_depend_on_the_order_of_the_datasets_but_on_every_image() -> None:
    one = labelled("one", style=(split(0, 1), None, split(3)))
    two = labelled("two", style=(split(0, 1), None, split(3)))
    fewer = labelled("two", style=(split(0), None, split(3)))
    assert train_images([one, two]).manifest.sha256 == train_images([two, one]).manifest.sha256
    assert train_images([one, two]).manifest.sha256 != train_images([one, fewer]).manifest.sha256


def test_a_dataset_given_twice_and_an_empty_pool_are_refused() -> None:
    one = labelled("one", style=(split(0), None, split(3)))
    with pytest.raises(ArtbenchError, match="one twice"):
        train_images([one, one])
    with pytest.raises(ArtbenchError, match="no image of one is left"):
        train_images([labelled("one", style=(split(0), None, split(3)), artist=(split(3), None, split(0)))])
    with pytest.raises(ArtbenchError, match="left to pretrain on"):
        train_images([])


def a_manifest(image: str = "Realism/ilya_repin.jpg") -> Manifest:
    part = PoolPart(dataset="one", fingerprint="0" * 64, tasks=("style",), held_out=3, images=(image,))
    return Manifest((part,))


@pytest.mark.parametrize("image", ["a/b.jpg", "Ä/ł — é.jpg", "two\nlines"])
def test_a_manifest_comes_back_as_it_was_written_whatever_the_names(tmp_path: Path, image: str) -> None:
    a_manifest(image).write(tmp_path / "pool.json")
    assert read_manifest(tmp_path / "pool.json") == a_manifest(image)


def test_a_changed_or_foreign_manifest_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pool.json"
    a_manifest().write(file)
    file.write_text(file.read_text().replace("repin", "repon"))
    with pytest.raises(ArtbenchError, match="has been changed"):
        read_manifest(file)
    for content in ("[]", "{", "[" * 100_000, json.dumps({"kind": "artbench pool 2", "sha256": "0" * 64, "parts": []})):
        file.write_text(content)
        with pytest.raises(ArtbenchError, match="is not the manifest"):
            read_manifest(file)
    with pytest.raises(ArtbenchError, match="can't be read"):
        read_manifest(tmp_path / "none.json")


def test_the_metadata_of_a_checkpoint_tells_its_pool() -> None:
    manifest = a_manifest()
    assert read_summary(manifest.metadata, origin="it") == manifest.summary
    assert read_summary({}, origin="it") is None
    with pytest.raises(ArtbenchError, match="not what artbench writes"):
        read_summary({"artbench.pool": '{"sha256": "../.."}'}, origin="it")


@needs_real_data
def test_of_the_full_wikiart_lists_56774_of_81446_images_are_left() -> None:
    lists = {task: read_lists(files) for task, files in find_lists(REAL_DATA / "artgan-lists").items()}
    ids = sorted({row.path for task in lists.values() for row in (*task.train, *task.val)})
    dataset = Dataset(name="wikiart", root=Path(), ids=ids, files=ids, versions=["1"] * len(ids), tables=lists)
    targets = {"style": style_targets(dataset), "artist": artist_targets(dataset), "genre": genre_targets(dataset)}
    trained = np.unique(np.concatenate([of.train.rows for of in targets.values()]))
    tested = np.unique(np.concatenate([of.test.rows for of in targets.values()]))
    assert len(ids) == 81_446
    assert len(np.intersect1d(trained, tested)) == 566
    pool = train_images([LabelledDataset(dataset=dataset, targets=targets)])
    assert len(pool) == 56_774
    assert not pool.manifest.images_of("wikiart") & {ids[row] for row in tested.tolist()}
