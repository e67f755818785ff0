"""Blocked neighbour search and alignment, against the plain way."""

import numpy as np
import pytest
from PIL import Image

from artbench.audit.image_index import THUMBNAIL
from artbench.audit.near_duplicates import correlation
from artbench.audit.similarity_search import near_features, near_hashes


@pytest.mark.parametrize("count", [0, 1, 2, 63, 65, 5000])
def test_near_hashes_are_those_of_the_plain_loop(count: int) -> None:
    random = np.random.default_rng(count)
    hashes = random.integers(0, 2**64, count, np.uint64)
    flips = random.integers(0, 64, (count // 3, 5)).astype(np.uint64)
    hashes[: count // 3] = hashes[-(count // 3) or count :][: count // 3]
    for column in range(5):
        hashes[: count // 3] ^= np.uint64(1) << flips[:, column]
    pairs, bits = near_hashes(hashes, within=6)
    some = range(min(count, 300))
    wanted = {
        (i, j): (int(hashes[i]) ^ int(hashes[j])).bit_count()
        for i in some
        for j in range(i + 1, count)
        if (int(hashes[i]) ^ int(hashes[j])).bit_count() <= 6
    }
    found = {(i, j): b for (i, j), b in zip(pairs.tolist(), bits.tolist(), strict=True) if i < 300}
    assert found == wanted
    assert count < 63 or wanted


def test_near_features_are_the_nearest_by_cosine_of_z_scores() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(700, 40)).astype(np.float32)
    features[650] = features[3] + 0.01
    features[:, 7] = 3.0
    pairs, cosines = near_features(features, neighbours=1, at_least=0.9)
    assert pairs.tolist() == [[3, 650]]
    assert cosines[0] > 0.99


def test_a_cropped_tinted_copy_lies_on_its_original_and_another_picture_does_not() -> None:
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
