"""McNemar's exact test, against scipy's binomial test."""

import numpy as np
import pytest
from scipy.stats import binomtest

from artbench.stats.paired_tests import mcnemar


@pytest.mark.parametrize(("one", "other"), [(0, 0), (1, 0), (7, 5), (5, 7), (0, 12), (40, 11), (300, 4), (1500, 1400)])
def test_it_is_the_exact_binomial_test(one: int, other: int) -> None:
    expected = binomtest(one, one + other).pvalue if one + other else 1
    assert mcnemar(np.array([one]), np.array([other]))[0] == pytest.approx(expected, rel=1e-9)
