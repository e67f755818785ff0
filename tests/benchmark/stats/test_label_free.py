"""Figures of features without labels, against plain formulas."""

import hashlib
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.stats.clustering import cluster_agreement
from artbench.stats.intrinsic_dimension import FEWEST, two_nn
from artbench.stats.label_free import label_free, sampled
from artbench.stats.spectrum import effective_rank, rankme

RANDOM = np.random.default_rng(3)
FEATURES = (RANDOM.standard_normal((60, 9)) @ RANDOM.standard_normal((9, 9)) + 2).astype(np.float32)
ROTATION = np.linalg.qr(RANDOM.standard_normal((9, 9)))[0]
Matrix = NDArray[np.floating]


def plain_rankme(features: Matrix) -> float:
    """From the eigenvalues of the products, one share at a time."""
    exact = features.astype(np.float64)
    values = [math.sqrt(max(value, 0)) for value in np.linalg.eigvalsh(exact.T @ exact).tolist()]
    shares = [value / sum(values) + 1e-7 for value in values]
    return math.exp(-sum(share * math.log(share) for share in shares))


def plain_effective_rank(features: Matrix) -> float:
    variances = np.linalg.eigvalsh(np.cov(features.astype(np.float64), rowvar=False)).tolist()
    shares = [value / sum(variances) for value in variances]
    return math.exp(-sum(share * math.log(share) for share in shares))


def plain_two_nn(features: Matrix) -> float:
    points = sorted({tuple(row) for row in features.astype(np.float64).tolist()})
    ratios = []
    for one in points:
        first, second = sorted(math.dist(one, other) for other in points if other is not one)[:2]
        ratios.append(math.log(second / first))
    n, kept = len(points), int(0.9 * len(points))
    across = sorted(ratios)[:kept]
    up = [-math.log(1 - (number + 1) / n) for number in range(kept)]
    return sum(x * y for x, y in zip(across, up, strict=True)) / sum(x * x for x in across)


def test_each_figure_is_that_of_its_plain_formula() -> None:
    assert rankme(FEATURES) == pytest.approx(plain_rankme(FEATURES), rel=1e-9)
    assert effective_rank(FEATURES) == pytest.approx(plain_effective_rank(FEATURES), rel=1e-9)
    assert two_nn(FEATURES) == pytest.approx(plain_two_nn(FEATURES), rel=1e-9)


@pytest.mark.parametrize("figure", [rankme, effective_rank, two_nn])
def test_a_rotation_changes_nothing(figure: Callable[[Matrix], float]) -> None:
    exact = FEATURES.astype(np.float64)
    assert figure(exact @ ROTATION) == pytest.approx(figure(exact), rel=1e-9)
    # Nor does another unit of length, or another order of the images.
    assert figure(4 * exact) == pytest.approx(figure(exact), rel=1e-9)
    assert figure(exact[::-1]) == pytest.approx(figure(exact), rel=1e-9)


def test_only_rankme_sees_where_the_features_lie() -> None:
    exact = FEATURES.astype(np.float64)
    assert effective_rank(exact + 50) == pytest.approx(effective_rank(exact), rel=1e-9)
    assert two_nn(exact + 50) == pytest.approx(two_nn(exact) or 0, rel=1e-6)
    assert rankme(exact + 50) < 0.8 * rankme(exact)


def test_ranks_are_those_of_the_space_that_features_span() -> None:
    assert rankme(np.eye(7)) == pytest.approx(7, rel=1e-4)
    assert rankme(np.ones((7, 3))) == pytest.approx(1, abs=1e-4)
    wide = RANDOM.standard_normal((40, 3)) @ RANDOM.standard_normal((3, 200))
    assert 1 < effective_rank(wide) <= 3
    assert 1 < rankme(wide) < 3.01


def test_features_that_are_all_the_same_have_no_rank() -> None:
    assert rankme(np.zeros((5, 4))) == 0
    assert effective_rank(np.full((5, 4), 0.1)) == 0
    assert effective_rank(np.ones((1, 4))) == 0


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_the_intrinsic_dimension_of_a_flat_cloud_is_that_of_the_cloud(dimension: int) -> None:
    cloud = np.random.default_rng(dimension).random((1500, dimension))
    found = two_nn(cloud @ np.random.default_rng(9).standard_normal((dimension, 40)))
    assert found == pytest.approx(dimension, rel=0.1)


def test_images_that_occur_twice_count_once() -> None:
    # -0.0 is 0.0: neither is a neighbour of the other.
    first = np.r_[np.zeros((1, 9), np.float32), FEATURES]
    assert two_nn(np.r_[first, -first[:1], first[5:9]]) == two_nn(first)
    assert label_free(np.r_[first, -first[:1], first[5:9]]).distinct == len(first)


def test_there_is_no_intrinsic_dimension_of_too_few_or_of_a_lattice() -> None:
    assert two_nn(FEATURES[: FEWEST - 1]) is None
    assert two_nn(np.tile(FEATURES[:1], (50, 1))) is None
    assert two_nn(FEATURES[:FEWEST]) is not None
    # On a ring of equal steps, both neighbours are as near as each other.
    assert two_nn(np.eye(30)) is None


def test_many_images_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = two_nn(FEATURES)
    monkeypatch.setattr("artbench.stats.intrinsic_dimension._BLOCK", 200)
    assert two_nn(FEATURES) == pytest.approx(whole or 0, rel=1e-12)


def pairs_agree(one: list[int], other: list[int]) -> float:
    """The adjusted Rand index, by counting every pair of images."""
    n = len(one)
    pairs = [(i, j) for i in range(n) for j in range(i)]
    both = sum(one[i] == one[j] and other[i] == other[j] for i, j in pairs)
    first, second = (sum(group[i] == group[j] for i, j in pairs) for group in (one, other))
    expected = first * second / len(pairs)
    return (both - expected) / ((first + second) / 2 - expected)


def shared_information(one: list[int], other: list[int]) -> float:
    def entropy(values: Sequence[object]) -> float:
        return -sum(values.count(v) / len(values) * math.log(values.count(v) / len(values)) for v in set(values))

    first, second = entropy(list(one)), entropy(list(other))
    return (first + second - entropy(list(zip(one, other, strict=True)))) / ((first + second) / 2)


def test_clusters_agree_with_classes_as_counted_by_hand() -> None:
    # Three clouds far apart, whatever their lengths; one image of the first class lies in the second cloud.
    directions = np.repeat(np.eye(3), 10, axis=0) + 0.01 * RANDOM.standard_normal((30, 3))
    features = directions * RANDOM.uniform(0.5, 20, (30, 1))
    clouds = [number // 10 for number in range(30)]
    labels = np.array(clouds)
    labels[10] = 0
    found = cluster_agreement(features, labels)
    assert found is not None
    assert found.clusters == 3
    assert found.ari == pytest.approx(pairs_agree(labels.tolist(), clouds), rel=1e-9)
    assert found.nmi == pytest.approx(shared_information(labels.tolist(), clouds), rel=1e-9)
    rotated = cluster_agreement(features @ np.linalg.qr(RANDOM.standard_normal((3, 3)))[0], labels)
    assert rotated is not None
    assert (rotated.ari, rotated.nmi) == pytest.approx((found.ari, found.nmi), rel=1e-9)


def test_one_class_has_no_agreement_and_few_distinct_images_have_one() -> None:
    assert cluster_agreement(FEATURES, np.zeros(60, np.int64)) is None
    found = cluster_agreement(np.ones((6, 2)), np.arange(6) % 3)
    assert found is not None
    assert (found.clusters, found.nmi) == (3, 0)


def test_of_many_images_those_with_the_smallest_digests_are_looked_at() -> None:
    ids = [f"image {number}" for number in range(50)]
    chosen = sampled(ids, most=7).tolist()
    assert chosen == sorted(chosen)
    by_digest = sorted(ids, key=lambda id_: hashlib.sha256(id_.encode()).hexdigest())
    assert {ids[number] for number in chosen} == set(by_digest[:7])
    # The order of the list does not matter.
    assert {ids[::-1][number] for number in sampled(ids[::-1], most=7)} == set(by_digest[:7])
    assert sampled(ids, most=50).tolist() == list(range(50))
