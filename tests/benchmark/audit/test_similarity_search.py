"""Blocked search for near hashes and features, against the plain way."""

import numpy as np
import pytest

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


def test_a_single_image_has_no_neighbours() -> None:
    pairs, cosines = near_features(np.ones((1, 4), np.float32), neighbours=3, at_least=0.5)
    assert (pairs.shape, cosines.shape) == ((0, 2), (0,))


def test_a_pair_is_listed_once_though_each_is_a_neighbour_of_the_other() -> None:
    features = np.eye(6, dtype=np.float32)[[0, 1, 2, 1, 0]]
    pairs, cosines = near_features(features, neighbours=4, at_least=0.99)
    assert pairs.tolist() == [[0, 4], [1, 3]]
    assert cosines == pytest.approx(1)


def test_features_that_are_all_equal_say_nothing() -> None:
    pairs, _ = near_features(np.ones((5, 3), np.float32), neighbours=2, at_least=0.1)
    assert not len(pairs)
