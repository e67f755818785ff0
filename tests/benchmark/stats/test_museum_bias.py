"""The interval of the robustness index: how often it covers what many pictures of the same kind give.

`tests/performance/museum_bias_coverage.py` tries more cases, more often.
"""

import numpy as np
import pytest

from artbench.data import Answers
from artbench.data.neighbourhoods import Neighbourhoods
from artbench.errors import ArtbenchError
from artbench.stats.metrics import METRICS
from artbench.stats.plain import plain_value
from tests.performance.museum_bias_coverage import CASES, coverage


@pytest.mark.parametrize("name", ["class weighs more", "painters"])
def test_the_interval_covers_the_truth(name: str) -> None:
    found = coverage(CASES[name], repetitions=60, seed=3)
    # Fewer happen once in seventy times if 95 % of all intervals cover.
    assert found.covered >= 53


def test_the_interval_is_no_wider_than_it_must_be_and_needs_what_pictures_are_to_others() -> None:
    found = coverage(CASES["class and museum alike"], repetitions=60, seed=3)
    assert found.width < 6 * found.scatter
    assert found.alone < 53


def test_without_neighbours_that_tell_there_is_no_index() -> None:
    nothing = Neighbourhoods(counts=np.array([[3.0, 0.0, 0.0, 1.0]] * 4), added=np.zeros((4, 2)))
    with pytest.raises(ArtbenchError, match="no neighbour shares the class alone, or the museum alone"):
        plain_value(METRICS["robustness_index"], Answers.of(np.zeros(4, np.int64), nothing), defined=True)


def test_the_shares_are_those_of_each_picture() -> None:
    counts = np.array([[1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0], [5.0, 0.0, 5.0, 0.0]])
    answers = Answers.of(np.zeros(3, np.int64), Neighbourhoods(counts=counts, added=counts[:, 1:3]))
    assert plain_value(METRICS["robustness_index"], answers) == pytest.approx(2 / 10)
    assert plain_value(METRICS["class_neighbours"], answers) == pytest.approx((0.3 + 0.5) / 2)
    assert plain_value(METRICS["museum_neighbours"], answers) == pytest.approx((0.4 + 1) / 2)
