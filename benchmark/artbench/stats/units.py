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
        images: Digest of the id of each image of the round (`records.publishing.image_digests`), which is the same
            before and after publishing, and has nothing to do with what the image shows.
        clusters: Something that tells clusters such as painters apart, for each image; None if images are independent.
    """

    images: Sequence[str]
    clusters: Sequence[Hashable] | None = None


@dataclass(frozen=True, kw_only=True)
class Units:
    """The units of the images of one round, numbered over all rounds.

    Attributes:
        of: Unit of each image of the round, below `count`, int64, shape (n,).
        count: Number of units over all rounds.
        singles: Number of each image of the round, which are left out beside clusters; from 0, below
            `Intervals.most_units`, int64, shape (n,).
        images: Number of different images over all rounds.
        clustered: Whether units are clusters of images.
    """

    of: NDArray[np.int64]
    count: int
    singles: NDArray[np.int64]
    images: int
    clustered: bool


def units_of(tests: Sequence[RoundTest], *, intervals: Intervals) -> list[Units]:
    """Number the units of all rounds together, so that one that is tested in several rounds is left out of all.

    They are numbered in the order of their images' digests (of clusters, the smallest), so that neither the order of
    images nor the names of clusters matter. More than `intervals.most_units` are dealt out in this order into so many
    groups, of as many units each, give or take one.
    """
    most = intervals.most_units
    smallest: dict[Hashable, str] = {}
    for test in tests:
        for unit, image in zip(test.clusters or test.images, test.images, strict=True):
            smallest[unit] = min(image, smallest.get(unit, image))
    numbers = {unit: at % most for at, unit in enumerate(sorted(smallest, key=smallest.__getitem__))}
    return [
        Units(
            of=np.array([numbers[unit] for unit in test.clusters or test.images], np.int64),
            count=min(len(numbers), most),
            singles=np.argsort(np.argsort(np.array(test.images, np.str_))) % most,
            images=len({image for test in tests for image in test.images}),
            clustered=tests[0].clusters is not None,
        )
        for test in tests
    ]
