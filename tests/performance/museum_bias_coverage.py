"""How often the interval of the robustness index covers the true value, and one of pictures that are alone.

Features are sums of a class's, a museum's and noise. The true value is the mean over many draws of as many pictures of
each class and museum. Pictures are neighbours of each other: intervals that leave each out as a picture alone, and not
as a neighbour of others, are printed beside.

Run: python -m tests.performance.museum_bias_coverage [REPETITIONS]
"""

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.data.neighbourhoods import Neighbourhoods
from artbench.probe.neighbourhoods import neighbourhoods
from artbench.protocol import Intervals
from artbench.stats.intervals import interval_of
from artbench.stats.left_out import left_out
from artbench.stats.units import RoundTest, units_of
from tests.support.neighbours import index_of, painters_of, planted

INTERVALS = Intervals()


@dataclass(frozen=True, kw_only=True)
class Case:
    """Length of what classes, museums and painters add, and number of classes, of museums, and of pictures of each."""

    of_class: float
    of_origin: float
    shape: tuple[int, int, int]
    of_painter: float = 0.0


CASES = {
    "class and museum alike": Case(of_class=1, of_origin=1, shape=(3, 2, 12)),
    "class weighs more": Case(of_class=1.5, of_origin=0.5, shape=(3, 2, 12)),
    "museum weighs more": Case(of_class=0.5, of_origin=1.5, shape=(3, 2, 12)),
    "class alone, many classes": Case(of_class=1.5, of_origin=0, shape=(7, 2, 19)),
    "three museums": Case(of_class=0.7, of_origin=0.7, shape=(4, 3, 20)),
    "neither": Case(of_class=0, of_origin=0, shape=(3, 2, 20)),
    "painters": Case(of_class=0.7, of_origin=0.7, shape=(7, 2, 16), of_painter=0.7),
}


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many intervals cover, how many of pictures alone would, their mean width, and the scatter of the index."""

    covered: int
    alone: int
    width: float
    scatter: float
    truth: float


def coverage(case: Case, *, repetitions: int, seed: int) -> Found:
    """Draw again and again, with the same means of classes and museums."""
    random = np.random.default_rng(seed)
    every = []
    for _ in range(repetitions):
        vectors, labels, places = planted(
            random,
            of_class=case.of_class,
            of_origin=case.of_origin,
            shape=case.shape,
            means=seed,
            of_painter=case.of_painter,
        )
        every.append((neighbourhoods(vectors, labels, places), labels))
    values = np.array([index_of(found) for found, _ in every])
    truth = float(values.mean())
    ends = np.array([_interval(found, labels, case) for found, labels in every])
    plain = np.array([_interval(_alone(found), labels, case) for found, labels in every])
    return Found(
        covered=_covering(ends, truth),
        alone=_covering(plain, truth),
        width=float(np.diff(ends, axis=1).mean()),
        scatter=float(values.std(ddof=1)),
        truth=truth,
    )


def _alone(found: Neighbourhoods) -> Neighbourhoods:
    return Neighbourhoods(counts=found.counts, added=found.counts[:, 1:3])


def _covering(ends: NDArray[np.float64], truth: float) -> int:
    return int(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).sum())


def _interval(found: Neighbourhoods, labels: NDArray[np.int64], case: Case) -> tuple[float, float]:
    images = [f"{number:04d}" for number in range(len(labels))]
    painters = painters_of(labels).tolist() if case.of_painter else None
    (units,) = units_of([RoundTest(images=images, clusters=painters)], intervals=INTERVALS)
    one = left_out(labels, found, target="museum-bias", units=units, only=["robustness_index"])["robustness_index"]
    return interval_of(one, bounds=(0, 1), intervals=INTERVALS)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    for name, case in CASES.items():
        found = coverage(case, repetitions=count, seed=1)
        print(
            f"{name:28} truth {found.truth:.3f} scatter {found.scatter:.4f} width {found.width:.4f} "
            f"covered {found.covered / count:.3f}, without what pictures are to others {found.alone / count:.3f}",
            flush=True,
        )
