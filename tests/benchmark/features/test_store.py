"""What is done is known, what is damaged is noticed, and nothing else is done again."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artbench.errors import ArtbenchError
from artbench.features.key import StoreKey
from artbench.features.store import FeatureStore
from tests.support.extraction import DIM, features, paint
from tests.support.reporters import RecordingReporter

KEY = StoreKey(
    dataset="tiny",
    dataset_fingerprint="1" * 64,
    backbone="resnet50",
    weights_sha256="2" * 64,
    feature_dim=4,
    short_side=279,
    crop=244,
    interpolation="bicubic",
    mean=(0.5, 0.5, 0.5),
    std=(0.2, 0.2, 0.2),
    decode="pillow-1",
    torch="2.0",
    device="cpu",
    dtype="float32",
    batch=8,
)

# Digest of an image.
ONE = np.array([1, 2], np.uint64)


@pytest.mark.parametrize("name", [field.name for field in fields(StoreKey)])
def test_every_part_of_the_key_is_another_store(name: str, tmp_path: Path) -> None:
    value = getattr(KEY, name)
    changed: Any = (
        "float16"
        if name == "stored"
        else value + "x"
        if isinstance(value, str)
        else value + 1
        if isinstance(value, int)
        else (0.1, 0.2, 0.3)
    )
    other = replace(KEY, **{name: changed})
    assert other.digest != KEY.digest
    assert FeatureStore(tmp_path, other, rows=3).folder != FeatureStore(tmp_path, KEY, rows=3).folder


def test_a_backbone_of_the_first_version_has_the_stores_that_earlier_releases_made() -> None:
    assert KEY.digest == "20dcdf4bbec6a3a2b603066d8dbf809d492cdacbfa254c3671cbb902dc1547a6"


def test_a_name_is_never_a_way_out_of_the_cache(tmp_path: Path) -> None:
    hostile = replace(KEY, dataset="../../etc", backbone="/hf-hub:who/what ..")
    folder = FeatureStore(tmp_path, hostile, rows=1).folder
    assert folder.resolve().relative_to(tmp_path.resolve()).parts == folder.relative_to(tmp_path).parts
    assert len(folder.relative_to(tmp_path).parts) == 2


def test_rows_come_back_and_the_others_are_missing(tmp_path: Path) -> None:
    store, listener = FeatureStore(tmp_path, KEY, rows=10), RecordingReporter()
    values = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    with store.locked(listener):
        store.write(np.array([2, 3, 9]), values, np.tile(ONE, (3, 1)))
        store.write_unreadable({5: "torn", 6: "torn\nin two, é", 7: "away"}, {5: ONE, 6: ONE})
    with FeatureStore(tmp_path, KEY, rows=10).locked(listener):
        assert store.missing(np.arange(10), listener).tolist() == [0, 1, 4, 7, 8]
        assert (store.read(np.array([9, 2, 3])) == values[[2, 0, 1]]).all()
        assert (store.matrix()[[2, 3, 9]] == values).all()
        assert store.unreadable(np.array([2, 5, 6, 7])) == {5: "torn", 6: "torn\nin two, é", 7: "away"}
        store.discard(np.array([9, 5]))
        assert store.missing(np.arange(10), listener).tolist() == [0, 1, 4, 5, 7, 8, 9]
    assert listener.notices == []


def test_a_reason_that_a_kill_cut_short_spoils_no_other(tmp_path: Path) -> None:
    store, listener = FeatureStore(tmp_path, KEY, rows=3), RecordingReporter()
    with store.locked(listener):
        store.write_unreadable({0: "torn"}, {0: ONE})
        file = store.folder / "unreadable.jsonl"
        file.write_bytes(file.read_bytes()[:-1] + b'\n{"row": 1, "rea')
        store.write_unreadable({1: "half"}, {1: ONE})
        store.write_unreadable({2: "empty"}, {2: ONE})
        assert store.missing(np.arange(3), listener).tolist() == []
        assert store.unreadable(np.arange(3)) == {0: "torn", 1: "half", 2: "empty"}
    assert listener.notices == []


def test_the_ends_are_whole(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, KEY, rows=8)
    with store.locked(RecordingReporter()):
        assert store.ends().tolist() == []
        store.write(np.arange(2, 7), np.ones((5, 4), np.float32), np.tile(ONE, (5, 1)))
        assert store.ends().tolist() == [2, 6]
        spoilt = bytearray((store.folder / "features.f32").read_bytes())
        spoilt[2 * 16] ^= 1
        (store.folder / "features.f32").write_bytes(spoilt)
        assert store.ends().tolist() == [3, 6]
        store.discard(np.arange(4, 7))
        assert store.ends().tolist() == [3]


def test_an_empty_dataset_is_no_trouble(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, KEY, rows=0)
    with store.locked(RecordingReporter()):
        assert len(store.missing(np.arange(0), RecordingReporter())) == 0
    assert store.matrix().shape == (0, 4)


@pytest.mark.parametrize("name", ["features.f32", "rows.idx", "unreadable.jsonl"])
def test_any_flipped_bit_costs_one_row(name: str, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, KEY, rows=6)
    random = np.random.default_rng(0)
    values = random.normal(size=(5, 4)).astype(np.float32)
    with store.locked(RecordingReporter()):
        store.write(np.arange(5), values, np.tile(ONE, (5, 1)))
        store.write_unreadable({5: "torn"}, {5: ONE})
    file = store.folder / name
    whole = file.read_bytes()
    for bit in random.choice(8 * len(whole), 60, replace=False).tolist():
        spoilt = bytearray(whole)
        spoilt[bit // 8] ^= 1 << bit % 8
        file.write_bytes(spoilt)
        listener = RecordingReporter()
        with store.locked(listener):
            missing = store.missing(np.arange(6), listener)
        assert len(missing) <= 1
        # A row without features has bytes that mean nothing, and the line of a reason has spaces.
        assert len(missing) == 1 or name == "unreadable.jsonl" or (name == "features.f32" and bit >= 8 * 5 * 16)
        assert [notice for notice in listener.notices if "damaged" in notice] or len(missing) == 0


@pytest.mark.parametrize("name", ["features.f32", "rows.idx"])
@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_file_cut_short_is_noticed_and_only_the_rest_extracted(name: str, share: float, tmp_path: Path) -> None:
    images = paint(tmp_path, 40)
    before = np.array(features(images, tmp_path / "cache").matrix)
    file = next((tmp_path / "cache").rglob(name))
    os.truncate(file, int(file.stat().st_size * share))
    listener = RecordingReporter()
    after = features(images, tmp_path / "cache", reporter=listener)
    assert (after.matrix == before).all()
    assert 40 - 40 * share <= after.timing.extracted + 1 <= 43 - 40 * share
    assert share == 0 or "cut short" in listener.notices[0]


def test_a_flipped_bit_is_reported_and_mended(tmp_path: Path) -> None:
    images = paint(tmp_path, 40)
    before = np.array(features(images, tmp_path / "cache").matrix)
    file = next((tmp_path / "cache").rglob("features.f32"))
    spoilt = bytearray(file.read_bytes())
    spoilt[DIM * 4 * 20 + 5] ^= 16
    file.write_bytes(spoilt)
    listener = RecordingReporter()
    after = features(images, tmp_path / "cache", reporter=listener)
    assert (after.matrix == before).all()
    assert after.timing.extracted == 2  # And number 11, whose file may have come back.
    assert "1 rows of" in listener.notices[0]
    assert "damaged" in listener.notices[0]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can't be mounted without the rights")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_too_small_is_refused_before_the_work(small_disk: Path, tmp_path: Path) -> None:
    images = paint(tmp_path, 20)
    (small_disk / "other").write_bytes(bytes(254 * 1024))
    listener = RecordingReporter()
    with pytest.raises(ArtbenchError, match=r"no space for features in .*disk") as caught:
        features(images, small_disk, reporter=listener)
    assert "Free disk space" in str(caught.value)
    assert listener.steps == 0


def test_a_disk_that_fills_up_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    images = paint(tmp_path, 400)
    ballast = small_disk / "other"

    def fill() -> None:
        with suppress(OSError), ballast.open("ab", buffering=0) as file:
            file.write(bytes(256 * 1024))  # As much of it as there is room for.

    rows = [row for row in range(400) if row not in (7, 11)]
    with pytest.raises(ArtbenchError, match="no space for features"):
        features(images, small_disk, rows=rows, reporter=RecordingReporter(each=fill))
    ballast.unlink()
    listener = RecordingReporter()
    after = features(images, small_disk, rows=rows, reporter=listener)
    assert 0 < after.timing.extracted < 398
    assert not [notice for notice in listener.notices if "damaged" in notice]
    assert (after.take(np.array(rows)) == features(images, tmp_path / "cache").take(np.array(rows))).all()


def test_a_whole_store_on_a_read_only_disk_is_used(small_disk: Path, tmp_path: Path) -> None:
    images = paint(tmp_path, 20)
    rows = [row for row in range(20) if row != 11]
    before = np.array(features(images, small_disk, rows=rows).matrix)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    listener = RecordingReporter()
    after = features(images, small_disk, rows=rows, reporter=listener)
    assert (after.matrix == before).all()
    assert (after.timing.extracted, listener.notices) == (0, [])
    assert after.unreadable.keys() == {7}
    with pytest.raises(ArtbenchError, match=r"can't be stored in .*Read-only"):
        features(images, small_disk, rows=rows, fresh=True)
    with pytest.raises(ArtbenchError, match=r"can't be stored in .*Read-only"):
        features(images, small_disk, rows=rows, batch_size=7)
    shutil.copy(images.path(2), images.path(3))
    with pytest.raises(ArtbenchError, match=r"can't be stored in .*Read-only"):
        features(images, small_disk, rows=rows)


@pytest.mark.parametrize("name", ["features.f32", "rows.idx", "unreadable.jsonl", "manifest.json"])
def test_a_store_that_cant_be_read_is_named(name: str, tmp_path: Path) -> None:
    images = paint(tmp_path, 10)
    features(images, tmp_path / "cache")
    file = next((tmp_path / "cache").rglob(name))
    file.unlink()
    file.mkdir()
    with pytest.raises(ArtbenchError, match="features can't be stored in"):
        features(images, tmp_path / "cache", fresh=True)


def test_a_folder_that_cant_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtbenchError, match="features can't be stored in") as caught:
        features(paint(tmp_path, 3), tmp_path / "file")
    assert "ARTBENCH_CACHE" in str(caught.value)


def test_a_row_in_the_place_of_another_is_not_believed(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path, KEY, rows=6)
    values = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    with store.locked(RecordingReporter()):
        store.write(np.arange(6), values, np.tile(ONE, (6, 1)))
        for name, width in (("features.f32", 16), ("rows.idx", 32)):
            content = bytearray((store.folder / name).read_bytes())
            content[:width], content[width : 2 * width] = content[width : 2 * width], content[:width]
            (store.folder / name).write_bytes(content)
        listener = RecordingReporter()
        assert store.missing(np.arange(6), listener).tolist() == [0, 1]
    assert "2 rows" in listener.notices[0]
