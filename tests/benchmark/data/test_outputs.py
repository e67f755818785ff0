"""Of very many classes the leading ones are kept, which give every metric of one class per image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from artbench.data.outputs import Leading, joined
from artbench.stats.metrics import METRICS, score


@given(arrays(np.int64, st.tuples(st.integers(1, 30), st.integers(1, 9)), elements=st.integers(0, 3)), st.data())
def test_they_are_the_first_of_a_stable_order(levels: NDArray[np.int64], data: st.DataObject) -> None:
    probabilities = (levels / 4).astype(np.float32)
    expected = np.argsort(-levels, axis=1, kind="stable")[:, :5]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("artbench.data.outputs._BLOCK", data.draw(st.integers(1, 40)))
        found = Leading.of(probabilities)
    np.testing.assert_array_equal(found.classes, expected)
    np.testing.assert_array_equal(found.probabilities, np.take_along_axis(probabilities, expected, 1))
    half = len(found) // 2
    parts = [found.select(np.arange(half)), found.select(np.arange(half, len(found)))]
    again = joined(parts)
    assert isinstance(again, Leading)
    np.testing.assert_array_equal(again.classes, found.classes)


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.target == "single-label"])
def test_they_give_every_metric_that_all_probabilities_give(name: str) -> None:
    random = np.random.default_rng(0)
    labels, probabilities = random.integers(0, 20, 300), random.dirichlet(np.ones(20), 300).astype(np.float32)
    whole = score(METRICS[name], labels, probabilities)
    assert score(METRICS[name], labels, Leading.of(probabilities)) == whole
    better = (probabilities > probabilities[np.arange(300), labels][:, None]).sum(axis=1)
    if name == "top5_accuracy":
        assert whole == pytest.approx((better < 5).mean())
