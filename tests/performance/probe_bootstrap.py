"""How long 1,000 bootstrap resamples take: all metrics of artbench, against a Python loop over one of scikit-learn.

Run: python tests/performance/probe_bootstrap.py
"""

import sys
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score

from artbench.data.targets import Labels
from artbench.protocol import Bootstrap
from artbench.specs import TargetKind
from artbench.stats.metrics import METRICS
from tests.support.estimates import evaluate

_LOOPS = 50


def predictions(n: int, classes: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Of classes that are predicted rightly now and then."""
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, n)
    logits = random.normal(size=(n, classes))
    logits[np.arange(n), labels] += 2
    probabilities = np.exp(logits)
    return labels, (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)


def scikit_learn(labels: NDArray[np.int64], predicted: NDArray[np.int64], *, resamples: int) -> float:
    """Seconds for accuracy alone, one resample after the other; measured on some, scaled to all."""
    random = np.random.default_rng(0)
    begun = time.perf_counter()
    for _ in range(_LOOPS):
        drawn = random.integers(0, len(labels), len(labels))
        accuracy_score(labels[drawn], predicted[drawn])
    return (time.perf_counter() - begun) * resamples / _LOOPS


def ours(
    labels: Labels, given: NDArray[np.float32], *, target: TargetKind, clusters: Sequence[int] | None = None
) -> float:
    """Seconds for every metric."""
    thresholds = {name: 0.1 for name, metric in METRICS.items() if metric.needs_threshold}
    begun = time.perf_counter()
    evaluate(labels, given, target=target, bootstrap=Bootstrap(), thresholds=thresholds, clusters=clusters)
    return time.perf_counter() - begun


def main() -> None:
    """Single-label against the loop; then multi-label, where no loop would be worth waiting for."""
    labels, given = predictions(25_000, 27)
    resamples = Bootstrap().resamples
    peer = scikit_learn(labels, given.argmax(1), resamples=resamples)
    here = ours(labels, given, target="single-label")
    single = sum(metric.target == "single-label" for metric in METRICS.values())
    say(f"25,000 images, 27 classes, {resamples} resamples")
    say(f"scikit-learn's accuracy in a loop {peer:6.2f} s (from {_LOOPS} resamples)")
    say(f"artbench, {single} metrics {here:14.2f} s, {peer / here:.0f} times as fast")
    random = np.random.default_rng(1)
    painters = random.integers(0, 1_119, len(labels)).tolist()
    say(f"the same by painter, 1,119 of them {ours(labels, given, target='single-label', clusters=painters):7.2f} s")
    years = random.uniform(1400, 1900, len(labels))
    say(f"years, 25,000 images {ours(years, given[:, :1] + 1650, target='year'):19.2f} s")
    chances = random.random((4_000, 400), dtype=np.float32) ** 4
    seconds = ours(random.random(chances.shape) < chances / 10, chances, target="multi-label")
    say(f"artbench, multi-label, 4,000 images, 400 labels {seconds:.2f} s")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
