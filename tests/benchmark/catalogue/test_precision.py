"""The threshold that keeps a precision."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from artbench.catalogue.precision import Judged, choose_threshold, reachable, share_of_right


def judged(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], clusters: NDArray[np.int64] | None = None
) -> Judged:
    return Judged(
        confidence=confidence,
        right=right,
        images=[f"{number:06}" for number in range(len(right))],
        clusters=None if clusters is None else clusters.tolist(),
    )


def drawn(random: np.random.Generator, n: int) -> Judged:
    """Answers that are right as often as they say."""
    confidence = random.beta(4, 1, n)
    return judged(confidence, random.random(n) < confidence)


def true_precision(threshold: float) -> float:
    """Of the answers of `drawn` above a threshold: the mean of Beta(4, 1) above it."""
    return 4 / 5 * (1 - threshold**5) / (1 - threshold**4)


def test_what_is_kept_passes_an_exact_binomial_test() -> None:
    found = choose_threshold(drawn(np.random.default_rng(0), 4000), precision=0.9)
    assert 0 < found.answers < 4000
    # Twice as likely as by the level of one of several sequences would be too much.
    assert binom.sf(found.right - 1, found.answers, 0.9) < 0.05
    assert true_precision(found.value) > 0.9


def test_the_promise_is_kept_at_least_as_often_as_stated() -> None:
    random = np.random.default_rng(1)
    thresholds = [choose_threshold(drawn(random, 600), precision=0.9).value for _ in range(300)]
    broken = sum(np.isfinite(value) and true_precision(value) < 0.9 for value in thresholds)
    # At most 5 % are allowed, and 300 draws scatter by 1.3 %.
    assert broken <= 0.05 * 300
    # Nor is it kept by saying nothing.
    assert np.isfinite(thresholds).mean() > 0.9


def test_more_images_leave_more_answers() -> None:
    random = np.random.default_rng(2)
    shares = [choose_threshold(drawn(random, n), precision=0.9).answers / n for n in (300, 3000, 30000)]
    assert shares == sorted(shares)


def test_all_right_answers_all() -> None:
    sure = np.linspace(0.3, 1, 100)
    found = choose_threshold(judged(sure, np.ones(100, bool)), precision=0.95)
    assert (found.answers, found.right, found.value) == (100, 100, 0.3)


def test_too_few_images_promise_nothing_and_what_they_could_is_told() -> None:
    fifty = judged(np.linspace(0.3, 1, 50), np.ones(50, bool))
    found = choose_threshold(fifty, precision=0.95)
    assert (found.answers, found.value) == (0, float("inf"))
    # 50 right ones of 50 show 0.05 ** (1 / 50).
    assert reachable(fifty, below=0.95) == 0.94
    assert choose_threshold(fifty, precision=0.94).answers == 50


def test_what_is_reachable_does_not_depend_on_what_was_asked_for() -> None:
    answers = drawn(np.random.default_rng(5), 800)
    best = reachable(answers, below=0.97)
    assert best is not None
    assert reachable(answers, below=0.9999) == best
    assert choose_threshold(answers, precision=best).answers
    assert not choose_threshold(answers, precision=best + 0.01).answers


def test_no_images_promise_nothing() -> None:
    nothing = judged(np.zeros(0), np.zeros(0, bool))
    assert choose_threshold(nothing, precision=0.9).answers == 0
    assert reachable(nothing, below=0.9) is None


def test_equally_sure_answers_stay_together() -> None:
    confidence = np.repeat([0.9, 0.8, 0.7], 100)
    right = np.repeat([True, True, False], 100)
    found = choose_threshold(judged(confidence, right), precision=0.9)
    assert (found.answers, found.value) == (200, 0.8)


def test_one_wrong_label_among_the_surest_costs_little() -> None:
    confidence, right = np.linspace(1, 0.5, 2000), np.ones(2000, bool)
    right[3] = False
    assert choose_threshold(judged(confidence, right), precision=0.95).answers == 2000


def test_painters_who_err_alike_count_as_fewer_images() -> None:
    random = np.random.default_rng(3)
    painters = np.repeat(np.arange(40), 25)
    right = (random.random(40) < 0.96)[painters]
    confidence = random.random(1000)
    alone = choose_threshold(judged(confidence, right), precision=0.9)
    grouped = choose_threshold(judged(confidence, right, painters), precision=0.9)
    assert grouped.answers < alone.answers


def test_what_all_answers_tell_of_painters_counts_where_all_are_right() -> None:
    # The surest answers are right, and of the others whole painters are wrong: so may be other painters of sure ones.
    painters = np.repeat(np.arange(60), 20)
    confidence = np.linspace(1, 0, 1200)
    right = (painters < 30) | (painters % 2 == 0)
    assert choose_threshold(judged(confidence, right), precision=0.95).answers >= 600
    assert not choose_threshold(judged(confidence, right, painters), precision=0.95).answers
    # Where painters are no more alike than others, they cost little.
    apart = np.arange(1200) % 60
    mixed = (np.arange(1200) < 600) | (np.arange(1200) // 60 % 2 == 0)
    assert choose_threshold(judged(confidence, mixed, apart), precision=0.95).answers >= 500


def test_the_share_of_single_images_has_the_exact_interval() -> None:
    value, low, high = share_of_right(judged(np.ones(20), np.ones(20, bool)))
    assert (value, high) == (1.0, 1.0)
    assert low == pytest.approx(0.025 ** (1 / 20))
    assert share_of_right(judged(np.zeros(0), np.zeros(0, bool))) == (0.0, 0.0, 1.0)
