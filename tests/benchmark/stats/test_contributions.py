"""Metrics as sums over images give what the metrics themselves give, resample by resample."""

from typing import Any

import numpy as np
import pytest

from artbench.data.targets import Labels
from artbench.protocol import Bootstrap
from artbench.specs import TargetKind
from artbench.stats.contributions import SUMS, contributions, summed
from artbench.stats.metrics import METRICS, sample

BOOTSTRAP = Bootstrap(resamples=200)
_N = 60


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("metric", SUMS)
def test_a_sum_is_the_metric(metric: str, clustered: bool) -> None:
    random = np.random.default_rng(1)
    target: TargetKind = METRICS[metric].target
    # The last of seven classes has no image, another has one.
    single = np.append(random.integers(0, 5, _N - 1), 5)
    labels: Labels = {
        "single-label": single,
        "year": random.uniform(1500, 1900, _N),
        "multi-label": random.random((_N, 7)) < 0.3,
    }[target]
    outputs = random.random((2, _N, 1 if target == "year" else 7)).astype(np.float32) * (
        1700 if target == "year" else 1
    )
    kept: Any = outputs if target == "multi-label" else outputs[..., 0] if target == "year" else outputs.argmax(axis=2)
    clusters = random.integers(0, 12, _N).tolist() if clustered else None
    thresholds = {"sample_f2": 0.4}
    added = np.stack([contributions(metric, labels, one, thresholds=thresholds) for one in kept])
    values, resampled = summed(metric, added, labels=single, classes=7, bootstrap=BOOTSTRAP, clusters=clusters)
    for row in range(2):
        expected = sample(
            labels, outputs[row], target=target, bootstrap=BOOTSTRAP, thresholds=thresholds, clusters=clusters
        )[metric]
        assert values[row] == pytest.approx(expected.value, rel=1e-6)
        np.testing.assert_allclose(resampled[row], expected.resampled, rtol=1e-5)
