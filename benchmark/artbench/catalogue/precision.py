"""When to say "don't know": the threshold above which answers are right as often as is asked, with stated confidence.

Thresholds are tested in a fixed sequence, from few and sure answers to all of them, and the last one that passes is
taken ("Learn then Test": Angelopoulos, Bates, Candès, Jordan and Lei 2021, multi-start fixed-sequence testing). So the
confidence holds although many thresholds are looked at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.plugins.known import plain_target
from artbench.protocol import Intervals
from artbench.stats.intervals import clopper_pearson, interval_of
from artbench.stats.left_out import left_out
from artbench.stats.units import RoundTest, units_of

CONFIDENCE = 0.95
# By how much the number of answers grows from one test to the next.
_STEP = 1.05


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Answers to n images, each with its confidence, and whether it is right.

    Attributes:
        confidence: Shape (n,).
        right: bool, shape (n,).
        images: Digest of each image.
        clusters: Number of the group of each image, if images of one group, such as a painter, err alike; else None.
    """

    confidence: NDArray[np.floating]
    right: NDArray[np.bool_]
    images: Sequence[str]
    clusters: Sequence[int] | None = None

    def __len__(self) -> int:
        return len(self.right)

    def select(self, positions: NDArray[np.int64]) -> "Judged":
        """Return some of the answers, in order."""
        places = positions.tolist()
        return Judged(
            confidence=self.confidence[positions],
            right=self.right[positions],
            images=[self.images[at] for at in places],
            clusters=None if self.clusters is None else [self.clusters[at] for at in places],
        )


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """The least confidence of an answer.

    Attributes:
        value: The threshold; infinite if none keeps the precision.
        answers: Number of out-of-fold answers above it.
        right: Number of them that are right.
    """

    value: float
    answers: int
    right: int


def choose_threshold(judged: Judged, *, precision: float, confidence: float = CONFIDENCE) -> Threshold:
    """Return the lowest threshold at which answers are right at least as often as asked, with the given confidence.

    With the stated confidence, over draws of the images, the share of right answers among all future ones above the
    threshold is at least `precision`. That takes images like those to come; and that surer answers are right at least
    as often, as far as answers below the threshold are concerned.

    Args:
        judged: Answers by probes that were not fitted on the images.
        precision: Share of answers that should be right, in (0, 1).
        confidence: Confidence of that.

    Examples:
        >>> import numpy as np
        >>> from artbench.catalogue.precision import Judged, choose_threshold
        >>> sure = np.linspace(1, 0, 400)
        >>> answers = Judged(confidence=sure, right=sure > 0.5, images=[f"{n:03}" for n in range(400)])
        >>> found = choose_threshold(answers, precision=0.9)
        >>> found.answers, found.right, round(found.value, 2)
        (210, 200, 0.48)
    """
    order = np.argsort(-judged.confidence, kind="stable")
    ends = _ends(judged.confidence[order])
    sequences = _sequences(ends, precision=precision, confidence=confidence)
    level = 1 - (1 - confidence) / max(1, len(sequences))
    ranked = judged if judged.clusters is None else judged.select(order)
    alike = _correlation(judged)
    hits = np.cumsum(judged.right[order])
    lows: dict[int, float] = {}
    passed = 0
    for sequence in sequences:
        for count in sequence:
            if count not in lows:
                first = None if judged.clusters is None else ranked.select(np.arange(count))
                lows[count] = _lower(int(hits[count - 1]), count, first, alike=alike, level=level)
            if lows[count] < precision:
                break
            passed = max(passed, count)
    if not passed:
        return Threshold(value=float("inf"), answers=0, right=0)
    kept = order[:passed]
    return Threshold(value=float(judged.confidence[kept].min()), answers=passed, right=int(judged.right[kept].sum()))


def reachable(judged: Judged, *, below: float) -> float | None:
    """Return the highest precision below one that can't be promised that can, in hundredths; None below a half.

    Examples:
        >>> import numpy as np
        >>> from artbench.catalogue.precision import Judged, reachable
        >>> names = [f"{number:02}" for number in range(30)]
        >>> right = Judged(confidence=np.linspace(0, 1, 30), right=np.ones(30, bool), images=names)
        >>> reachable(right, below=0.99)
        0.9
    """
    low, high = 49, math.ceil(100 * below)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if choose_threshold(judged, precision=middle / 100).answers else (low, middle)
    return low / 100 if low >= 50 else None


def share_of_right(judged: Judged, *, level: float = 0.95) -> tuple[float, float, float]:
    """Return the share of right answers and the ends of its interval, by the statistics of records.

    For single images it is the exact interval of Clopper and Pearson; for groups, the one that records have.
    """
    if not len(judged):
        return 0.0, 0.0, 1.0
    share = float(judged.right.mean())
    if judged.clusters is None:
        return share, *clopper_pearson(share, len(judged), level=level)
    intervals = Intervals(level=level)
    (units,) = units_of([RoundTest(images=judged.images, clusters=judged.clusters)], intervals=intervals)
    # As if there were one class, and a wrong answer another one.
    answers = np.stack([~judged.right, judged.right], axis=1).astype(np.float32)
    one = np.ones(len(judged), np.int64)
    found = left_out(one, answers, target=plain_target("class"), units=units, only=("accuracy",))["accuracy"]
    return share, *interval_of(found, bounds=(0, 1), intervals=intervals)


def _lower(right: int, count: int, answers: Judged | None, *, alike: float, level: float) -> float:
    """Return the one-sided lower bound of the share of right answers, of `answers` if they are in groups.

    Where all are right, the answers themselves don't tell how alike those of a group are. So the bound is also that of
    as many single images as say the same at the correlation of all answers (Kish 1965, Survey Sampling).
    """
    # The lower end of a two-sided interval that leaves as much out on each side.
    both = 2 * level - 1
    if answers is None:
        return clopper_pearson(right / count, count, level=both)[0]
    assert answers.clusters is not None
    sizes = np.unique(np.asarray(answers.clusters), return_counts=True)[1]
    effective = count / (1 + (float(np.square(sizes).sum()) / count - 1) * alike)
    return min(share_of_right(answers, level=both)[1], clopper_pearson(right / count, effective, level=both)[0])


def _correlation(judged: Judged) -> float:
    """Return how alike answers within a group are in being right, from 0 to 1, by analysis of variance; 1 if unknown.

    Donner, "A review of inference procedures for the intraclass correlation coefficient", International Statistical
    Review 54 (1986).
    """
    if judged.clusters is None:
        return 0.0
    member = np.unique(np.asarray(judged.clusters), return_inverse=True)[1]
    sizes = np.bincount(member).astype(np.float64)
    n, groups = float(sizes.sum()), len(sizes)
    if groups < 2 or n == groups:
        return 1.0
    means = np.bincount(member, judged.right) / sizes
    between = float((sizes * np.square(means - judged.right.mean())).sum()) / (groups - 1)
    within = float((sizes * means * (1 - means)).sum()) / (n - groups)
    usual = (n - float(np.square(sizes).sum()) / n) / (groups - 1)
    total = between + (usual - 1) * within
    return min(max((between - within) / total, 0.0), 1.0) if total > 0 else 1.0


def _ends(confidence: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the numbers of answers that a threshold can leave: equally sure ones stay together."""
    return np.append(np.flatnonzero(np.diff(confidence) != 0) + 1, len(confidence))[: len(confidence)]


def _sequences(ends: NDArray[np.int64], *, precision: float, confidence: float) -> list[list[int]]:
    """Return sequences of numbers of answers to test, each from twice as many on as the one before."""
    total = int(ends[-1]) if len(ends) else 0
    starts = 1
    # More sequences leave each a smaller error, for which it takes more answers to begin with.
    while (first := _fewest(precision, (1 - confidence) / (starts + 1))) * 2**starts <= total:
        starts += 1
    first = _fewest(precision, (1 - confidence) / starts)
    if first > total:
        return []
    counts, grows = [float(first)], max(float(first), 1.0)
    while grows < total:
        grows = min(grows * _STEP, float(total))
        counts.append(grows)
    tested = [int(ends[np.searchsorted(ends, round(count))]) for count in counts]
    return [[count for count in dict.fromkeys(tested) if count >= first * 2**number] for number in range(starts)]


def _fewest(precision: float, error: float) -> int:
    """Return how many answers, all of them right, show a precision up to an error."""
    return int(np.ceil(np.log(error) / np.log(precision)))
