"""Paired tests without resamples: what they are for even differences, and that unlike encoders are seldom ordered."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import skew, ttest_rel
from scipy.stats import t as student

from artbench.stats.paired_tests import Differences, holm, sign_flip
from artbench.stats.robust_tests import robust_differences

Values = NDArray[np.float64]


def differences_of(errors: Values, *, fraction: bool = False) -> Differences:
    """Test rows by the mean of what units add, (rows, units)."""
    units = errors.shape[1]
    values = errors.mean(axis=1, keepdims=True)
    influence = (errors - values) / np.sqrt(units * (units - 1))
    return robust_differences(values, influence, np.full(units, 1 / units), fraction=fraction, level=0.95)


def test_for_even_differences_it_is_the_paired_t_test() -> None:
    random = np.random.default_rng(0)
    errors = 40 + 5 * random.normal(size=(3, 2000)) + 40 * random.normal(size=2000)
    errors[2] += 0.4
    found = differences_of(errors)
    for at, (first, second) in enumerate(((0, 1), (0, 2), (1, 2))):
        reference = ttest_rel(errors[first], errors[second])
        assert (found.first[at], found.second[at]) == (first, second)
        assert found.value[at] == pytest.approx(np.mean(errors[first] - errors[second]))
        assert found.p[at] == pytest.approx(reference.pvalue, rel=0.1)
        low, high = reference.confidence_interval(0.95)
        assert (found.low[at], found.high[at]) == pytest.approx((low, high), abs=0.01 * (high - low))


def test_the_order_of_rows_and_units_does_not_matter() -> None:
    random = np.random.default_rng(1)
    errors = random.exponential(size=(2, 30))
    found, swapped = differences_of(errors), differences_of(errors[::-1, random.permutation(30)])
    assert swapped.p == pytest.approx(found.p)
    assert (-swapped.high[0], -swapped.low[0]) == pytest.approx((found.low[0], found.high[0]))


@pytest.mark.parametrize("fraction", [False, True])
def test_equal_rows_are_no_difference_and_prove_no_equality(fraction: bool) -> None:
    rows = np.repeat(np.random.default_rng(2).integers(0, 2, (1, 50)).astype(float), 2, axis=0)
    for same in (rows, np.ones((2, 50)), np.zeros((2, 50)) + 0.5):
        found = differences_of(same, fraction=fraction)
        assert found.p[0] == 1
        assert found.low[0] < 0 < found.high[0]


def test_half_more_skewness_than_is_found_counts_too() -> None:
    n = 80
    errors = np.stack([np.full(n, 0.6), np.random.default_rng(4).gamma(0.3, size=n)])
    found = differences_of(errors)
    difference = errors[0] - errors[1]
    t = difference.mean() / (difference.std(ddof=1) / np.sqrt(n))
    df = 2 * n / (n * (d := (difference - difference.mean()) ** 2) @ d / d.sum() ** 2 - 1)

    def p(times: float) -> float:
        s = times * float(skew(difference, bias=False)) / np.sqrt(n)
        return float(2 * student.sf(abs(t + s / 3 * t**2 + s**2 / 27 * t**3 + s / 6), df))

    assert p(1.5) > 1.2 * max(p(0), p(1))
    assert found.p[0] == pytest.approx(p(1.5), rel=0.1)


def test_few_large_units_say_as_little_as_they_are_few() -> None:
    random = np.random.default_rng(5)
    values, influence = np.array([[10.0], [11.0]]), random.normal(size=(2, 200)) / 20
    even, uneven = np.full(200, 1 / 200), np.r_[0.4, 0.4, np.full(198, 0.2 / 198)]
    many, few = (robust_differences(values, influence, shares, fraction=False, level=0.95) for shares in (even, uneven))
    assert few.high[0] - few.low[0] > 2 * (many.high[0] - many.low[0])


@pytest.mark.parametrize("units", [1, 2, 3, 4])
def test_few_units_prove_little(units: int) -> None:
    influence = np.stack([np.zeros(units), np.full(units, 1e-9)])
    shares = np.full(units, 1 / units)
    found = robust_differences(np.array([[0.1], [0.9]]), influence, shares, fraction=True, level=0.95)
    assert found.p[0] >= 0.5 ** max(units - 1, 0)
    assert np.isfinite([found.low[0], found.high[0]]).all()


def test_rounds_that_disagree_are_no_proof() -> None:
    random = np.random.default_rng(3)
    influence = random.normal(size=(2, 500)) / 5000
    shares = np.full(500, 1 / 500)
    means = np.array([0.6, 0.5])[:, None]
    steady, scattered = (
        robust_differences(means + np.array([[0], [1]]) * part, influence, shares, fraction=True, level=0.95)
        for part in (np.zeros(5), np.array([-0.1, -0.05, 0, 0.05, 0.1]))
    )
    assert steady.p[0] < 1e-6
    assert scattered.p[0] > 0.02
    assert scattered.high[0] - scattered.low[0] > 3 * (steady.high[0] - steady.low[0])


def unlike_errors(random: np.random.Generator) -> Values:
    """Errors of 1 on average: alike for all images, or with ever longer tails."""
    n = 200
    rows = [1 + 0.1 * random.normal(size=n), random.exponential(size=n)]
    return np.stack([*rows, *(random.lognormal(-(s**2) / 2, s, n) for s in (1.0, 1.2))])


def unlike_painters(random: np.random.Generator) -> Values:
    """Shares of 20 painters' images: one row is right about 95 % of each's, the others fail with one in 20."""
    return np.stack([random.binomial(30, 0.95, 20) / 30, *(random.random((3, 20)) < 0.95).astype(float)])


@pytest.mark.parametrize(("draw", "fraction"), [(unlike_errors, False), (unlike_painters, True)])
def test_unlike_encoders_are_seldom_ordered_where_sign_flips_order_them(
    draw: Callable[[np.random.Generator], Values], fraction: bool
) -> None:
    random = np.random.default_rng(11)
    wrong = {"robust": 0, "sign flips": 0}
    trials = 600
    for _ in range(trials):
        errors = draw(random)
        flips = sign_flip(errors / errors.shape[1], np.ones(errors.shape[1]))[np.triu_indices(len(errors), 1)]
        wrong["robust"] += bool((holm(differences_of(errors, fraction=fraction).p) <= 0.05).any())
        wrong["sign flips"] += bool((holm(flips) <= 0.05).any())
    assert wrong["robust"] / trials <= 0.05
    assert wrong["sign flips"] / trials > 0.05


def test_a_difference_is_found_where_there_is_one() -> None:
    random = np.random.default_rng(12)
    pairs = [np.stack([random.exponential(1, 300), random.exponential(1.5, 300)]) for _ in range(100)]
    assert sum(differences_of(pair).p[0] <= 0.05 for pair in pairs) > 90
