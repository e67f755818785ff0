"""Paired tests of every pair of rows of one leaderboard: by leaving out units, or by resampling."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from artbench.leaderboard.paired_scores import PairedScores
from artbench.protocol import Bootstrap, Intervals
from artbench.records.record import Record
from artbench.stats.contributions import weights_of
from artbench.stats.metrics import METRICS
from artbench.stats.paired_tests import Differences, Scores, differences, mcnemar, sign_flip
from artbench.stats.robust_tests import robust_differences


def left_out_tests(
    record: Record, found: Sequence[PairedScores], intervals: Intervals
) -> tuple[Differences, NDArray[np.float64] | None]:
    """Test every pair by the metric without each unit; return McNemar's p too, which counts alone, or None."""
    low, high = METRICS[record.primary_metric].bounds
    bounded = low is not None and high is not None
    # Between two bounds, as a fraction of the way between them.
    least, width = (low, high - low) if low is not None and high is not None else (0.0, 1.0)
    tests = robust_differences(
        (np.stack([one.values for one in found if one.values is not None]) - least) / width,
        np.stack([one.influence for one in found if one.influence is not None]) / width,
        # The same for all rows but for F1, where they depend on what is predicted.
        np.mean([one.shares for one in found if one.shares is not None], axis=0),
        fraction=bounded,
        level=intervals.level,
    )
    tests = replace(tests, value=width * tests.value, low=width * tests.low, high=width * tests.high)
    if found[0].added is None:
        return tests, None
    exact = _mcnemar(np.stack([one.added for one in found if one.added is not None]), tests)
    return replace(tests, p=exact), exact


def resampled_tests(
    record: Record, found: Sequence[PairedScores], measured: Scores, bootstrap: Bootstrap
) -> tuple[Differences, NDArray[np.float64] | None]:
    """Test every pair on the same resamples and by a second test, if there is one; return McNemar's p too, or None."""
    tests = differences(measured, bootstrap=bootstrap)
    second, exact = _second_test(record, found, measured, tests)
    return (tests if second is None else replace(tests, p=np.maximum(tests.p, second))), exact


def _second_test(
    record: Record, found: Sequence[PairedScores], measured: Scores, tests: Differences
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Return p values of a test without resamples, and McNemar's, for every pair; None where they don't apply.

    They need to know what each image of a single round adds to the metric.
    """
    first = found[0]
    if first.rounds.any():
        return None, None
    if first.added is None:
        parts = [one.parts for one in found if one.parts is not None]
        if len(parts) < len(found):
            return None, None
        even = np.ones(len(parts[0]))
        p = sign_flip(np.stack(parts), even, first.clusters, values=measured.values[:, 0])
        return p[tests.first, tests.second], None
    added = np.stack([one.added for one in found if one.added is not None])
    if record.primary_metric == "accuracy" and first.clusters is None:
        exact = _mcnemar(added, tests)
        return exact, exact
    classes = record.dataset.classes
    weights = weights_of(record.primary_metric, added.shape[1], labels=first.labels, classes=classes)
    return sign_flip(added, weights, first.clusters)[tests.first, tests.second], None


def _mcnemar(right: NDArray[np.float64], tests: Differences) -> NDArray[np.float64]:
    """Return exact McNemar's p of every pair, from which images each row is right about, shape (rows, n)."""
    alone = (right.sum(axis=1)[:, None] - right @ right.T).astype(np.int64)
    return mcnemar(alone[tests.first, tests.second], alone[tests.second, tests.first])
