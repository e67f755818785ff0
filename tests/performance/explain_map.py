"""Time and peak memory of a map, from features to places and how far to trust them, by either layout.

The features are random and in clusters. Each layout has a process of its own, for its memory. There is no peer in it:
what is timed beside the layout, the comparison with the space, is what no layout comes with.

Run: python -m tests.performance.explain_map [IMAGES] [DIMENSIONS]
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from artbench.explain.cosine import unit_vectors
from artbench.explain.map.faithfulness import faithfulness
from artbench.explain.map.layout import lay_out
from artbench.explain.map.request import Method
from artbench.runtime.progress import Silent
from tests.performance.probe_common import say, say_machine

T = TypeVar("T")
_CLUSTERS = 27


def main(images: str = "25000", dimensions: str = "2048", method: str = "") -> None:
    """Both layouts, each in a process of its own."""
    if method:
        _measure(int(images), int(dimensions), method)
        return
    say_machine()
    for each in get_args(Method):
        command = [sys.executable, "-m", "tests.performance.explain_map", images, dimensions, each]
        subprocess.run(command, check=True)


def _measure(images: int, dimensions: int, method: str) -> None:
    # What is imported at the first use is no part of the map.
    few, _ = _features(60, 8)
    lay_out(unit_vectors(few), method=method, seed=0)  # type: ignore[arg-type]
    features, labels = _features(images, dimensions)
    before = _peak()
    points, first = _timed(lambda: unit_vectors(features))
    layout, second = _timed(lambda: lay_out(points, method=method, seed=0))  # type: ignore[arg-type]
    trust, third = _timed(lambda: faithfulness(points, layout.places, labels=labels, reporter=Silent()))
    size, peak = features.nbytes / 1e6, _peak()
    say(
        f"{method}, {images:,} images of {dimensions:,}: directions {first:.1f} s, layout {second:.1f} s, "
        f"comparison {third:.1f} s; {peak:,.0f} MB at the most, {peak - before:,.0f} MB of it beside the "
        f"features ({size:,.0f} MB) and what was imported; trustworthiness {trust.trustworthiness:.3f}"
    )


def _features(images: int, dimensions: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    random = np.random.default_rng(0)
    labels = random.integers(0, _CLUSTERS, images)
    features = random.standard_normal((images, dimensions), np.float32)
    # In place, so that the peak before the first step is that of the features alone.
    centres = 0.5 * random.standard_normal((_CLUSTERS, dimensions), np.float32)
    for number, centre in enumerate(centres):
        features[labels == number] += centre
    np.maximum(features, 0, out=features)
    return features, labels


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def _peak() -> float:
    """In MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main(*sys.argv[1:])
