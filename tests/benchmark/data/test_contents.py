"""An image that changes in place has another digest, and only what has changed is read again."""

import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from artbench.data.contents import Contents
from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from tests.support.reporters import RecordingReporter

ROWS = np.arange(5)


@dataclass(frozen=True, kw_only=True)
class _Watched(Dataset):
    reads: list[int] = field(default_factory=list)

    def read(self, row: int) -> bytes:
        self.reads.append(row)
        return super().read(row)


@pytest.fixture
def images(tmp_path: Path) -> _Watched:
    folder = tmp_path / "images"
    folder.mkdir()
    names = [f"{number}.jpg" for number in range(5)]
    for name in names:
        (folder / name).write_bytes(f"image {name}".encode())
        _settle(folder / name)
    return _Watched(name="toy", root=folder, ids=names, files=names)


def _settle(file: Path, age: int = 60) -> None:
    """Date a file back, so that its state tells; the time of its entry is of now all the same."""
    old = file.stat().st_mtime_ns - age * 10**9
    os.utime(file, ns=(old, old))


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything be long ago: a file that has just changed is read again anyhow."""
    monkeypatch.setattr("artbench.data.contents._GRAIN", -1)


def digests(images: Dataset, cache: Path) -> list[list[int]]:
    return [list(map(int, one)) for one in Contents(images, cache).digests(ROWS, RecordingReporter())]


def test_what_has_not_changed_is_read_once(images: _Watched, tmp_path: Path) -> None:
    first = digests(images, tmp_path)
    assert sorted(images.reads) == ROWS.tolist()
    assert digests(images, tmp_path) == first
    assert len(images.reads) == len(ROWS)
    assert len({tuple(one) for one in first}) == len(ROWS)


@pytest.mark.parametrize("keeps_its_time", [False, True])
def test_an_image_changed_in_place_has_another_digest(images: _Watched, tmp_path: Path, keeps_its_time: bool) -> None:
    first, file = digests(images, tmp_path), images.path(3)
    before = file.stat()
    file.write_bytes(b"IMAGE 3.jpg")
    if keeps_its_time:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    images.reads.clear()
    second = digests(images, tmp_path)
    assert [row for row in ROWS.tolist() if first[row] != second[row]] == [3]
    assert images.reads == [3]


def test_an_image_touched_but_not_changed_keeps_its_digest(images: _Watched, tmp_path: Path) -> None:
    first = digests(images, tmp_path)
    _settle(images.path(2))
    assert digests(images, tmp_path) == first


def test_a_file_that_has_just_changed_is_not_trusted(
    images: _Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artbench.data.contents._GRAIN", 10**12)
    digests(images, tmp_path)
    digests(images, tmp_path)
    assert sorted(images.reads) == sorted(ROWS.tolist() * 2)


def test_damage_and_a_folder_that_cant_be_written_cost_a_reading_alone(images: _Watched, tmp_path: Path) -> None:
    first = digests(images, tmp_path / "cache")
    (file,) = (tmp_path / "cache").rglob("*.idx")
    content = bytearray(file.read_bytes())
    content[48 + 30] ^= 4
    file.write_bytes(content)
    images.reads.clear()
    assert digests(images, tmp_path / "cache") == first
    assert images.reads == [1]
    (tmp_path / "file").write_text("")
    assert digests(images, tmp_path / "file") == first


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are UTF-8")
def test_a_file_whose_name_is_no_utf_8_has_a_digest(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff.jpg")
    (tmp_path / name).write_bytes(b"image")
    images = Dataset(name="toy", root=tmp_path, ids=["\\xff.jpg"], files=[name])
    assert Contents(images, tmp_path / "cache").digests(np.arange(1), RecordingReporter()).any()


def test_an_image_that_is_not_there_has_zeros(images: _Watched, tmp_path: Path) -> None:
    images.path(1).unlink()
    assert digests(images, tmp_path)[1] == [0, 0]


def test_the_fingerprint_of_targets_changes_with_a_byte_of_an_image_that_they_use(
    images: _Watched, tmp_path: Path
) -> None:
    def part(*rows: int) -> Split:
        return Split(rows=np.array(rows), labels=np.zeros(len(rows), np.int64))

    targets = Targets(classes=("a", "b"), train=part(0, 1), test=part(2))
    made = np.array(digests(images, tmp_path), np.uint64)
    other = np.where(ROWS[:, None] == 1, made + np.uint64(1), made)
    unused = np.where(ROWS[:, None] == 4, made + np.uint64(1), made)
    assert targets.fingerprint(images, made) != targets.fingerprint(images, other)
    assert targets.fingerprint(images, made) == targets.fingerprint(images, unused)
    assert targets.fingerprint(images, made) != targets.fingerprint(images)
    # Where the images lie makes no difference.
    assert targets.fingerprint(replace(images, root=tmp_path), made) == targets.fingerprint(images, made)
