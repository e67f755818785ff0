"""What the index says of each image, and when an image is indexed again."""

import os
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from artbench.audit.image_index import THUMBNAIL, ImageIndex, fingerprint_image, index_images
from artbench.runtime.progress import Silent
from tests.benchmark.audit.painted import blobs, collection


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        blobs(number).save(folder / f"{number}.png")
    return folder


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything be long ago: a file that has just changed is indexed again anyhow."""
    monkeypatch.setattr("artbench.data.contents._GRAIN", -1)


def index(root: Path, version: str | None = None) -> ImageIndex:
    count = len(list(root.iterdir()))
    dataset = collection(root, versions=None if version is None else [version] * count)
    return index_images(dataset, cache=root.parent / "surveys", reporter=Silent())


def replace_keeping_size_and_time(file: Path) -> bytes:
    """Change the last byte of a file, and return what it holds then."""
    status, content = file.stat(), file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    return file.read_bytes()


def test_digests_hashes_and_thumbnails_are_those_of_the_files(root: Path) -> None:
    found = index(root)
    assert list(found.digests) == [sha256((root / f"{n}.png").read_bytes()).digest() for n in range(3)]
    assert found.comparable.all()
    assert not found.problems
    thumbnails = found.thumbnails(np.array([2, 0]))
    for thumbnail, number in zip(thumbnails, (2, 0), strict=True):
        grey = blobs(number).convert("L").resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
        assert np.abs(thumbnail.astype(int) - np.asarray(grey)).max() <= 2
        bits = int(str(imagehash.phash(grey)), 16) ^ int(found.phash[number])
        assert bits.bit_count() <= 2


def test_broken_absent_and_plain_images_are_not_comparable(root: Path) -> None:
    (root / "0.png").write_bytes(b"no image")
    Image.new("RGB", (80, 80), "white").save(root / "1.png")
    (root / "3.png").symlink_to(root / "nowhere.png")
    found = index(root)
    assert found.comparable.tolist() == [False, False, True, False]
    assert found.problems.keys() == {0, 3}
    assert "not a JPEG" in found.problems[0]
    assert found.problems[3] == "the file can't be read"
    assert [len(digest) for digest in found.digests] == [32, 32, 32, 0]


def test_an_image_replaced_in_place_at_equal_size_and_time_is_indexed_again(root: Path) -> None:
    before = index(root)
    after = replace_keeping_size_and_time(root / "0.png")
    found = index(root)
    assert found.digests[0] == sha256(after).digest() != before.digests[0]
    assert (found.contents != before.contents).any(axis=1).tolist() == [True, False, False]


def test_a_file_that_has_just_changed_is_indexed_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artbench.data.contents._GRAIN", 10**12)
    first = index(root)
    with closing(sqlite3.connect(first.file)) as file, file:
        file.execute("UPDATE look SET sha256 = ?", (b"0" * 32,))
    assert list(index(root).digests) == list(first.digests)


def test_another_version_of_an_image_is_indexed_again(root: Path) -> None:
    first = index(root, "1")
    with closing(sqlite3.connect(first.file)) as file, file:
        file.execute("UPDATE look SET sha256 = ?", (b"0" * 32,))
    assert list(index(root, "2").digests) == list(first.digests)


@pytest.mark.parametrize("version", [None, 99])
def test_an_index_of_another_version_is_made_anew(root: Path, version: int | None) -> None:
    first = index(root)
    with closing(sqlite3.connect(first.file)) as file, file:
        file.execute("UPDATE look SET sha256 = ?", (b"0" * 32,))
        if version is not None:
            file.execute(f"PRAGMA user_version = {version}")
    expected = [b"0" * 32] * 3 if version is None else list(first.digests)
    assert list(index(root).digests) == expected


def test_copies_of_a_dataset_in_two_folders_have_indexes_of_their_own(root: Path) -> None:
    (root.parent / "copy").mkdir()
    for number in range(3):
        blobs(number + 3).save(root.parent / "copy" / f"{number}.png")
    first, second = index(root), index(root.parent / "copy")
    assert first.file != second.file
    assert not set(first.digests) & set(second.digests)


def test_a_long_strip_is_fingerprinted_by_its_middle() -> None:
    import io

    file = io.BytesIO()
    blobs(1, (4000, 40)).save(file, "PNG")
    found = fingerprint_image(file.getvalue())
    assert found.problem is None
    assert len(found.thumbnail) == THUMBNAIL**2
