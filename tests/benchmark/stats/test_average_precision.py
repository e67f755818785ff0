"""Average precision, exact against scikit-learn, at 11 points against a plain reading of PASCAL VOC 2007."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve

from artbench.stats.average_precision import Ranking, average_precision, precision_without


def eleven_points(right: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    """For each recall 0, 0.1, ..., 1 the best precision at that recall or more, and the mean of the eleven."""
    wanted = int(right.sum())
    points = []
    for threshold in set(scores.tolist()):
        taken = scores >= threshold
        found = int((taken & right).sum())
        points.append((found, found / int(taken.sum())))
    best = [max(p for found, p in points if 10 * found >= tenth * wanted) for tenth in range(11)]
    return sum(best) / 11


@st.composite
def rankings(draw: st.DrawFn) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Short rankings with at least one right answer and many ties."""
    n = draw(st.integers(1, 40))
    right = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    right[draw(st.integers(0, n - 1))] = True
    levels = draw(st.integers(1, 12))
    places = draw(st.lists(st.integers(0, levels), min_size=n, max_size=n))
    return right, (np.array(places) / levels).astype(np.float32)


@given(rankings())
@settings(max_examples=300, deadline=None)
def test_agrees_with_the_references_ties_and_all(ranking: tuple[NDArray[np.bool_], NDArray[np.float32]]) -> None:
    right, scores = ranking
    ours = average_precision(right[None], scores[None])
    assert ours.exact[0] == pytest.approx(average_precision_score(right, scores))
    assert ours.interpolated[0] == pytest.approx(eleven_points(right, scores))


@given(rankings(), st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_weights_are_repetitions(ranking: tuple[NDArray[np.bool_], NDArray[np.float32]], seed: int) -> None:
    right, scores = ranking
    weights = np.random.default_rng(seed).integers(0, 4, (len(right), 3)).astype(np.float32)
    weighted = Ranking(right, scores).weighted(weights)
    for column, counts in enumerate(weights.T.astype(int)):
        repeated = average_precision(right.repeat(counts)[None], scores.repeat(counts)[None])
        np.testing.assert_allclose(weighted.exact[column], repeated.exact[0], rtol=1e-5)
        np.testing.assert_allclose(weighted.interpolated[column], repeated.interpolated[0], rtol=1e-5)


def test_recall_of_three_in_ten_reaches_the_third_level() -> None:
    right = np.array([True] * 3 + [False] * 20 + [True] * 7)
    scores = -np.arange(30, dtype=np.float64)
    # 0 to 0.3 at precision 1; the rest at the last right answer, 10 of 30.
    assert average_precision(right[None], scores[None]).interpolated[0] == pytest.approx((4 + 7 / 3) / 11)
    assert max(precision_recall_curve(right, scores)[0]) == 1


def test_a_ranking_without_a_right_answer_has_no_value() -> None:
    empty = average_precision(np.zeros((2, 4), bool), np.ones((2, 4)))
    assert np.isnan(empty.exact).all()
    assert np.isnan(empty.interpolated).all()


def test_many_rankings_are_done_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    right, scores = random.random((50, 20)) < 0.3, random.random((50, 20))
    whole = average_precision(right, scores)
    monkeypatch.setattr("artbench.stats.average_precision._BLOCK", 60)
    parts = average_precision(right, scores)
    np.testing.assert_array_equal(parts.exact, whole.exact)
    np.testing.assert_array_equal(parts.interpolated, whole.interpolated)


@given(rankings(), st.integers(1, 9), st.sampled_from([1, 50, 1 << 21]))
@settings(max_examples=200, deadline=None)
def test_without_a_unit_it_is_that_of_the_other_answers(
    ranking: tuple[NDArray[np.bool_], NDArray[np.float32]], units: int, block: int
) -> None:
    right, scores = ranking
    unit = np.arange(len(right)) * units // len(right)
    starts = np.searchsorted(unit, np.arange(units + 1))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("artbench.stats.average_precision._BLOCK", block)
        without = precision_without(right, scores, starts)
    others = [average_precision(right[unit != one][None], scores[unit != one][None]).exact[0] for one in range(units)]
    np.testing.assert_allclose(without, others, rtol=1e-12)
