"""Pairs of like images: by bytes, by hash, by features."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artbench.audit import near_duplicates
from artbench.audit.image_index import THUMBNAIL, ImageIndex, index_images
from artbench.audit.near_duplicates import ALIKE, TWINS, Pair, correlation, find_pairs
from artbench.errors import ArtbenchError
from artbench.runtime.progress import Silent
from tests.benchmark.audit.painted import blobs, collection, index_of


@pytest.fixture
def indexes(tmp_path: Path) -> list[ImageIndex]:
    """Two datasets of three images; the second holds a copy and a crop of images of the first."""
    first, second = tmp_path / "first", tmp_path / "second"
    for number, folder in enumerate((first, second)):
        folder.mkdir()
        for row in range(3):
            blobs(10 * number + row).save(folder / f"{row}.png")
    (second / "0.png").write_bytes((first / "2.png").read_bytes())
    blobs(1).crop((1, 1, 95, 79)).save(second / "1.png")
    return [
        index_images(collection(root, name=root.name), cache=tmp_path / "cache", reporter=Silent())
        for root in (first, second)
    ]


def test_copies_and_crops_are_paired_from_one_dataset_to_another(indexes: list[ImageIndex]) -> None:
    crop, copy = find_pairs(indexes, features=None, reporter=Silent())
    assert copy == Pair(first=(0, 2), second=(1, 0), tier="bytes", correlation=1.0)
    assert (crop.first, crop.second, crop.tier, crop.twins) == ((0, 1), (1, 1), "hash", True)
    assert crop.bits is not None
    assert crop.bits <= near_duplicates.HASH_BITS
    assert crop.cosine is None


def test_features_find_what_hashes_miss_and_the_correlation_decides(indexes: list[ImageIndex]) -> None:
    # An encoder for which each image of the first dataset is near to that of the second in the same row.
    near = [{row: np.eye(8, dtype=np.float32)[row] for row in range(3)} for _ in indexes]
    indexes[0].phash[1] ^= np.uint64(2**40 - 1)
    crop, copy = find_pairs(indexes, features=near, reporter=Silent())
    assert copy.tier == "bytes"
    assert (crop.first, crop.second, crop.tier, crop.bits) == ((0, 1), (1, 1), "features", None)
    assert crop.cosine == pytest.approx(1)


def test_images_too_plain_to_be_told_apart_are_paired_by_their_bytes_alone(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for number, colour in enumerate(("white", "white", "silver")):
        Image.new("RGB", (50, 50), colour).save(tmp_path / "images" / f"{number}.png")
    index = index_images(collection(tmp_path / "images"), cache=tmp_path, reporter=Silent())
    pairs = find_pairs([index], features=None, reporter=Silent())
    assert [(pair.first, pair.second, pair.tier) for pair in pairs] == [((0, 0), (0, 1), "bytes")]


@pytest.mark.parametrize(("count", "pairs"), [(4, 6), (300, 299)])
def test_of_very_many_equal_files_each_is_paired_with_the_first(count: int, pairs: int) -> None:
    index = index_of([b"", *[b"d" * 32] * count, b""])
    found = find_pairs([index], features=None, reporter=Silent())
    assert len(found) == pairs
    assert {row for pair in found for _, row in (pair.first, pair.second)} == set(range(1, count + 1))


def test_a_collection_whose_hashes_are_all_alike_is_refused(
    indexes: list[ImageIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_duplicates, "_MOST", 1)
    for index in indexes:
        index.phash[:] = 0
    with pytest.raises(ArtbenchError, match="15 pairs of images have similar hashes"):
        find_pairs(indexes, features=None, reporter=Silent())


@pytest.mark.parametrize(("value", "twins"), [(TWINS, True), (1.0, True), (ALIKE, False), (TWINS - 1e-6, False)])
def test_a_pair_counts_as_one_image_from_the_threshold_on(value: float, twins: bool) -> None:
    assert Pair(first=(0, 0), second=(0, 1), tier="hash", correlation=value).twins is twins


def test_a_cropped_tinted_copy_lies_on_its_original_and_another_image_does_not() -> None:
    random = np.random.default_rng(3)
    coarse = Image.fromarray(random.integers(0, 255, (7, 7), np.uint8))
    whole = coarse.resize((400, 300), Image.Resampling.BICUBIC)
    copy = whole.crop((20, 6, 380, 291)).point(lambda value: 20 + 0.8 * value)
    other = Image.fromarray(random.integers(0, 255, (7, 7), np.uint8)).resize((400, 300), Image.Resampling.BICUBIC)
    one, two, three = (
        np.asarray(image.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)) for image in (whole, copy, other)
    )
    assert correlation(one, two) > 0.97
    assert correlation(one, two) == correlation(two, one)
    assert correlation(one, three) < 0.8


def test_a_blank_thumbnail_lies_on_nothing() -> None:
    blank = np.full((THUMBNAIL, THUMBNAIL), 128, np.uint8)
    other = np.asarray(blobs(0).convert("L").resize((THUMBNAIL, THUMBNAIL)))
    assert abs(correlation(blank, other)) < 0.05


def _padded(image: Image.Image, colour: str, file: Path, *, page: int = 480, quality: int = 90) -> None:
    """Lay an image on a page, off its centre, and save it as a JPEG."""
    sheet = Image.new("RGB", (page, page), colour)
    sheet.paste(image, ((page - image.width) // 3, (page - image.height) // 2))
    sheet.save(file, quality=quality)


def test_images_on_white_pages_are_told_apart_and_their_copies_found(tmp_path: Path) -> None:
    count = 16
    (tmp_path / "images").mkdir()
    for number in range(count):
        _padded(blobs(number, (288, 240)), "white", tmp_path / "images" / f"{number:02}.jpg")
    # Of each fourth there is a copy: on a black page, on a smaller one that is not quite white, without a page.
    for number in range(0, count, 4):
        copy = blobs(number, (288, 240)).crop((6, 3, 285, 237)).resize((264, 216))
        _padded(copy, "black", tmp_path / "images" / f"{number:02} black.jpg")
        _padded(copy, "#fbf8f0", tmp_path / "images" / f"{number:02} paper.jpg", page=300, quality=60)
        copy.save(tmp_path / "images" / f"{number:02} whole.png")
    dataset = collection(tmp_path / "images")
    index = index_images(dataset, cache=tmp_path, reporter=Silent())
    groups = [int(name[:2]) for name in dataset.ids]
    # An encoder that knows the images on any page.
    features = [dict(enumerate(np.eye(count, dtype=np.float32)[groups]))]
    for proposals, least in ((None, count // 2), (features, 6 * count // 4)):
        pairs = find_pairs([index], features=proposals, reporter=Silent())
        twins = [(groups[pair.first[1]], groups[pair.second[1]]) for pair in pairs if pair.twins]
        assert all(one == other for one, other in twins)
        assert least <= len(twins) <= 6 * count // 4
    # Whatever may propose a pair, the thumbnails decide.
    one_each = np.array([groups.index(number) for number in range(count)])
    greys = index.thumbnails(one_each)
    assert max(correlation(greys[one], greys[other]) for one in range(count) for other in range(one)) < ALIKE
