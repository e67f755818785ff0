"""Metrics for years, against scikit-learn or the definition."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error

from artbench.protocol import Bootstrap
from artbench.stats.bootstrap import interval, resamples
from artbench.stats.metrics import METRICS, score
from tests.support.estimates import evaluate

RANDOM = np.random.default_rng(0)
YEARS = RANDOM.integers(1450, 1900, 300).astype(np.float64)
PREDICTED = (YEARS + RANDOM.normal(0, 60, 300)).astype(np.float32)[:, None]


def test_the_error_is_scikit_learns() -> None:
    assert score(METRICS["mean_absolute_error"], YEARS, PREDICTED) == pytest.approx(
        mean_absolute_error(YEARS, PREDICTED[:, 0].astype(np.float64))
    )


def test_fifty_years_are_within_fifty_years() -> None:
    predicted = np.array([1650.0, 1550.0, 1650.5, 1600.0])[:, None]
    assert score(METRICS["within_50_years"], np.full(4, 1600.0), predicted) == 0.75


def test_each_resample_is_scored_on_the_images_drawn() -> None:
    bootstrap = Bootstrap(resamples=200)
    estimates = evaluate(YEARS, PREDICTED, target="year", bootstrap=bootstrap)
    counts = np.concatenate(list(resamples(300, bootstrap=bootstrap)), axis=1).astype(int)
    for name in ("mean_absolute_error", "within_50_years"):
        values = [score(METRICS[name], YEARS.repeat(c), PREDICTED.repeat(c, axis=0)) for c in counts.T]
        assert estimates[name].ci95 == pytest.approx(interval(values, level=0.95)), name


def test_years_alone_have_a_unit_and_a_lower_best() -> None:
    assert [name for name, metric in METRICS.items() if metric.unit == "years"] == ["mean_absolute_error"]
    assert not METRICS["mean_absolute_error"].higher_is_better
