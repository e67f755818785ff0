"""The units of a test that are left out one by one: its images, or clusters of them such as painters."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.protocol import Intervals


@dataclass(frozen=True, kw_only=True)
class RoundTest:
    """Who is tested in a round.

    Attributes:
        images: Something that tells images apart, for each image of the round.
        clusters: The same for clusters such as painters; None if images are independent.
    """

    images: Sequence[Hashable]
    clusters: Sequence[Hashable] | None = None


@dataclass(frozen=True, kw_only=True)
class Units:
    """The units of the images of one round, numbered over all rounds.

    Attributes:
        of: Unit of each image of the round, below `count`, int64, shape (n,).
        count: Number of units over all rounds.
        images: Number of different images over all rounds.
        clustered: Whether units are clusters of images.
    """

    of: NDArray[np.int64]
    count: int
    images: int
    clustered: bool


def units_of(tests: Sequence[RoundTest], *, intervals: Intervals) -> list[Units]:
    """Number the units of all rounds together, so that one that is tested in several rounds is left out of all.

    They are numbered in the order in which they appear, so that their names don't matter. More than
    `intervals.most_units` are dealt out at random into so many groups, of as many units each, give or take one.
    """
    clustered = tests[0].clusters is not None
    numbers: dict[Hashable, int] = {}
    members = [
        np.array([numbers.setdefault(one, len(numbers)) for one in test.clusters or test.images], np.int64)
        for test in tests
    ]
    count = len(numbers)
    if count > intervals.most_units:
        dealt = np.random.default_rng(intervals.seed).permutation(count) % intervals.most_units
        members, count = [dealt[one] for one in members], intervals.most_units
    images = len({image for test in tests for image in test.images})
    return [Units(of=one, count=count, images=images, clustered=clustered) for one in members]
