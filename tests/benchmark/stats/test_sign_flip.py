"""The sign-flip test, against all flips one by one."""

from itertools import product

import numpy as np
import pytest

from artbench.stats.paired_tests import sign_flip


@pytest.mark.parametrize("seed", range(5))
def test_it_is_close_to_trying_all_flips(seed: int) -> None:
    random = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(12), random.integers(1, 5, 12))
    random.shuffle(clusters)
    added = random.random((2, len(clusters))) + np.array([[0.15 * seed], [0]])
    weights = random.random(len(clusters))
    by_cluster = np.bincount(clusters, (added[0] - added[1]) * weights)
    flips = np.array(list(product((-1, 1), repeat=12)))
    exact = np.mean(np.abs(flips @ by_cluster) >= abs(by_cluster.sum()) - 1e-12)
    p = sign_flip(added, weights, clusters)
    assert p[0, 1] == p[1, 0] == pytest.approx(exact, abs=0.05)


def test_equal_answers_are_no_difference() -> None:
    added = np.repeat(np.random.default_rng(0).random((1, 30)), 2, axis=0)
    assert (sign_flip(added, np.ones(30)) == 1).all()
