"""The images of a pool: decoded, packed, cropped; what can't be read is skipped up to a point."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.pretrain.crops import Cropper, Part, epoch_batches, parts_of_steps
from artbench.pretrain.pool_images import ImagesOnDisk, PoolImages, pack_folder, packed
from artbench.pretrain.settings import Settings
from artbench.runtime.progress import Silent
from tests.support import training as toys

SETTINGS = Settings(batch_size=16, sub_batch=4)


def pixels(images: PoolImages, number: int) -> NDArray[np.uint8]:
    found = images[number]
    assert found is not None
    return found


def test_a_pack_holds_the_same_pixels_and_is_built_once(images: Path, tmp_path: Path) -> None:
    pool = toys.pool(images)
    plain = ImagesOnDisk(pool, side=24)
    pack = packed(pool, side=24, under=tmp_path, reporter=Silent())
    assert len(pack) == len(plain) == toys.TRAIN
    for number in range(toys.TRAIN):
        assert pixels(plain, number).shape == (24, 32, 3)
        assert np.array_equal(pixels(plain, number), pixels(pack, number))
    stamp = (pack_folder(pool, side=24, under=tmp_path) / "pixels.u8").stat().st_mtime_ns
    packed(pool, side=24, under=tmp_path, reporter=Silent())
    assert (pack_folder(pool, side=24, under=tmp_path) / "pixels.u8").stat().st_mtime_ns == stamp
    assert pack_folder(pool, side=25, under=tmp_path) != pack_folder(pool, side=24, under=tmp_path)


def test_images_replaced_in_place_are_packed_again(tmp_path: Path) -> None:
    pool = toys.pool(toys.paint(tmp_path / "images"))
    before = packed(pool, side=24, under=tmp_path, reporter=Silent())
    files = [pool.datasets[0].path(int(row)) for row in pool.rows[0][:2]]
    small, large = np.argsort([file.stat().st_size for file in files]).tolist()
    status = files[large].stat()
    # The pool knows sizes alone. No decoder reads the padding.
    files[large].write_bytes(files[small].read_bytes().ljust(status.st_size, b"\0"))
    os.utime(files[large], ns=(status.st_atime_ns, status.st_mtime_ns))
    again = packed(toys.pool(tmp_path / "images"), side=24, under=tmp_path, reporter=Silent())
    assert np.array_equal(pixels(again, 0), pixels(again, 1))
    assert not np.array_equal(pixels(again, large), pixels(before, large))


def test_a_damaged_pack_is_refused(images: Path, tmp_path: Path) -> None:
    pool = toys.pool(images)
    packed(pool, side=24, under=tmp_path, reporter=Silent())
    file = pack_folder(pool, side=24, under=tmp_path) / "pixels.u8"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    with pytest.raises(ArtbenchError, match="damaged"):
        packed(pool, side=24, under=tmp_path, reporter=Silent())[0]
    file.write_bytes(content[:-1])
    with pytest.raises(ArtbenchError, match="damaged"):
        packed(pool, side=24, under=tmp_path, reporter=Silent())


@pytest.mark.parametrize("pack", [False, True])
def test_an_unreadable_image_gives_its_place_to_the_next(tmp_path: Path, pack: bool) -> None:
    pool = toys.pool(toys.paint(tmp_path / "images", broken=(3, 4)))
    side = 24
    source = packed(pool, side=side, under=tmp_path, reporter=Silent()) if pack else ImagesOnDisk(pool, side=side)
    plain = Settings(crop_scale=1, flip_p=0)
    crops = Cropper(source, plain.two_views, side=16, seed=0)(Part(epoch=0, numbers=np.array([3, 5])))
    assert crops.pixels[0].shape == (2, 16, 16, 3)
    same = Cropper(source, plain.two_views, side=16, seed=0)(Part(epoch=0, numbers=np.array([3])))
    assert np.array_equal(crops.pixels[0][0], same.pixels[0][0])
    assert len(source.unreadable) == 2
    assert "003.png" in source.unreadable[3]


def test_many_unreadable_images_end_the_training(tmp_path: Path) -> None:
    source = ImagesOnDisk(toys.pool(toys.paint(tmp_path, broken=tuple(range(40)))), side=24)
    cropper = Cropper(source, SETTINGS.two_views, side=16, seed=0)
    with pytest.raises(ArtbenchError, match=r"11 of 50 images can't be read: 000\.png"):
        cropper(Part(epoch=0, numbers=np.arange(50)))


def test_both_crops_are_of_one_image_and_differ(images: Path) -> None:
    source = ImagesOnDisk(toys.pool(images), side=24)
    crops = Cropper(source, SETTINGS.two_views, side=16, seed=0)(Part(epoch=0, numbers=np.arange(8)))
    first, second = crops.pixels
    assert not np.array_equal(first, second)
    # Every third image lacks the same colour: the crops are of the images that they should be of.
    for view in crops.pixels:
        assert (view.mean(axis=(1, 2)).argmin(axis=1) == np.arange(8) % 3).all()


def test_an_epoch_shows_every_image_once_and_processes_share_each_batch() -> None:
    whole = list(parts_of_steps(SETTINGS, [50], range(6), seed=0, rank=0, size=1))
    assert len(whole) == 6 * 4
    first_epoch = np.concatenate([part.numbers for part in whole[:12]])
    assert len(set(first_epoch.tolist())) == 48
    assert {part.epoch for part in whole[:12]} == {0}
    assert {part.epoch for part in whole[12:]} == {1}
    assert not np.array_equal(whole[0].numbers, whole[12].numbers)
    halves = [list(parts_of_steps(SETTINGS, [50], range(6), seed=0, rank=rank, size=2)) for rank in (0, 1)]
    for step in range(6):
        shared = halves[0][2 * step : 2 * step + 2] + halves[1][2 * step : 2 * step + 2]
        for one, other in zip(shared, whole[4 * step : 4 * step + 4], strict=True):
            assert np.array_equal(one.numbers, other.numbers)
    later = list(parts_of_steps(SETTINGS, [50], range(4, 6), seed=0, rank=0, size=1))
    assert all(np.array_equal(a.numbers, b.numbers) for a, b in zip(later, whole[16:], strict=True))


def test_batches_of_one_source_hold_images_of_one_dataset() -> None:
    settings = Settings(batch_size=16, sub_batch=4, one_source=True)
    sources, batches = epoch_batches(settings, [40, 20, 35], seed=0, epoch=0)
    assert sorted(sources.tolist()) == [0, 0, 1, 2, 2]
    for source, numbers in zip(sources.tolist(), batches, strict=True):
        begin, end = ((0, 40), (40, 60), (60, 95))[source]
        assert ((begin <= numbers) & (numbers < end)).all()
    assert len(set(batches.ravel().tolist())) == 80
    parts = list(parts_of_steps(settings, [40, 20, 35], range(3, 7), seed=0, rank=0, size=1))
    assert np.array_equal(np.concatenate([part.numbers for part in parts[:4]]), batches[3])
    assert [part.source for part in parts[:8:4]] == sources[3:5].tolist()
    # Not in the order of the datasets.
    turns = [tuple(epoch_batches(settings, [40, 20, 35], seed=0, epoch=epoch)[0].tolist()) for epoch in range(5)]
    assert len(set(turns)) > 1
    mixed, _ = epoch_batches(SETTINGS, [40, 20, 35], seed=0, epoch=0)
    assert mixed.tolist() == [0] * 5
