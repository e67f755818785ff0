"""Differences between encoders: what is tested, and how often it errs."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import ttest_rel

from artbench.protocol import Bootstrap
from artbench.stats.bootstrap import Sampled, combine, interval
from artbench.stats.contributions import summed
from artbench.stats.paired_tests import Scores, differences
from tests.performance.leaderboard_promise import Draw, accuracy, by_class, by_painter, draws, false_orderings

BOOTSTRAP = Bootstrap()


def measured(right: NDArray[np.float64], clusters: NDArray[np.int64] | None = None) -> Scores:
    members = None if clusters is None else clusters.tolist()
    values, drawn = summed("accuracy", right, labels=None, classes=2, bootstrap=BOOTSTRAP, clusters=members)
    units = right.shape[1] if clusters is None else len(np.unique(clusters))
    return Scores(values=values[:, None], resampled=drawn[:, None], units=units)


def rates(n: int, *shares: float, seed: int = 0) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    right: NDArray[np.float64] = (random.random((len(shares), n)) < np.array(shares)[:, None]).astype(np.float64)
    return right


def test_difference_and_interval_are_those_of_each_pair_by_itself() -> None:
    right = rates(200, 0.6, 0.5, 0.9)
    scores = measured(right)
    found = differences(scores, bootstrap=BOOTSTRAP)
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    for pair, (one, other) in enumerate(((0, 1), (0, 2), (1, 2))):
        assert found.value[pair] == pytest.approx(right[one].mean() - right[other].mean())
        low, high = interval(scores.resampled[one, 0] - scores.resampled[other, 0], level=0.95)
        assert (found.low[pair], found.high[pair]) == pytest.approx((low, high))


def test_p_is_close_to_the_paired_t_test_where_that_applies() -> None:
    random = np.random.default_rng(3)
    shared = random.normal(size=400)
    added = shared + random.normal(size=(3, 400)) + np.array([[0], [0.1], [0.25]])
    found = differences(measured(added), bootstrap=BOOTSTRAP)
    for pair, (one, other) in enumerate(((0, 1), (0, 2), (1, 2))):
        assert np.log(found.p[pair]) == pytest.approx(np.log(ttest_rel(added[one], added[other]).pvalue), rel=0.15)


def test_pairing_finds_what_two_intervals_hide() -> None:
    right = rates(300, 0.7)
    better = right.copy()
    better[0, np.flatnonzero(right[0] == 0)[:15]] = 1
    both = np.concatenate([better, right])
    scores = measured(both)
    ends = [interval(row[0], level=0.95) for row in scores.resampled]
    assert ends[0][0] < ends[1][1]
    assert differences(scores, bootstrap=BOOTSTRAP).p[0] < 0.001


def test_equal_answers_are_no_difference_and_few_images_prove_little() -> None:
    same = np.repeat(rates(50, 0.5), 2, axis=0)
    assert differences(measured(same), bootstrap=BOOTSTRAP).p.tolist() == [1]
    opposite = np.array([[1.0] * 4, [0.0] * 4])
    assert differences(measured(opposite), bootstrap=BOOTSTRAP).p[0] >= 0.125
    assert differences(measured(opposite[:, :1]), bootstrap=BOOTSTRAP).p[0] == 1


def test_what_a_few_painters_agree_on_is_worth_less_than_as_many_images() -> None:
    clusters = np.repeat(np.arange(12), 30)
    random = np.random.default_rng(5)
    liked = np.clip(0.6 + 0.3 * random.normal(size=(2, 12)) + [[0.1], [0]], 0, 1)
    right = (random.random((2, 360)) < liked[:, clusters]).astype(np.float64)
    alone = differences(measured(right), bootstrap=BOOTSTRAP)
    together = differences(measured(right, clusters), bootstrap=BOOTSTRAP)
    assert together.value == pytest.approx(alone.value)
    assert together.p[0] > 10 * alone.p[0]


def test_several_rounds_are_averaged_as_in_the_record_and_their_scatter_counts() -> None:
    def luck(spread: float) -> Scores:
        random = np.random.default_rng(2)
        rounds = [rates(300, 0.7 + spread * random.normal(), 0.54 + spread * random.normal(), seed=k) for k in range(5)]
        parts = [measured(right) for right in rounds]
        return Scores(
            values=np.concatenate([part.values for part in parts], axis=1),
            resampled=np.concatenate([part.resampled for part in parts], axis=1),
            units=300,
        )

    steady, scattered = luck(0), luck(0.1)
    found = differences(steady, bootstrap=BOOTSTRAP)
    minus = [
        Sampled(value=a - b, resampled=drawn[0] - drawn[1])
        for a, b, drawn in zip(*steady.values, steady.resampled.transpose(1, 0, 2), strict=True)
    ]
    expected = combine([{"accuracy": one} for one in minus], bootstrap=BOOTSTRAP)["accuracy"]
    assert found.value[0] == pytest.approx(expected.value)
    assert (found.low[0], found.high[0]) == pytest.approx(expected.ci95)
    assert found.p[0] < 0.01
    assert differences(scattered, bootstrap=BOOTSTRAP).p[0] > 10 * found.p[0]


@pytest.mark.parametrize(
    "draw",
    [accuracy(5, 150, 0.7), by_painter(4, 25), by_class(4, 150, 20), draws(3, 100, 3, same_test=True)],
    ids=["images", "painters", "classes", "few-shot"],
)
def test_equal_encoders_are_seldom_ordered(draw: Draw) -> None:
    # At the 5 % promised, more than 13 of 120 has a probability below 1 %.
    assert false_orderings(draw, trials=120, bootstrap=Bootstrap(resamples=200)) <= 13 / 120
