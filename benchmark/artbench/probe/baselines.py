"""Baselines without pixels: guesses from the labels and painters of training images."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from artbench.data.outputs import Leading, Outputs, joined
from artbench.data.rankings import NOTHING, Rankings
from artbench.data.splits import held_out
from artbench.data.targets import Labels, Split
from artbench.plugins.known import target_named
from artbench.specs import TargetKind
from artbench.stats.metrics import best_thresholds


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of images without their pixels: labels, ids, and groups as of `Targets.groups_of`."""

    labels: Labels
    ids: Sequence[str]
    groups: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A baseline, such as `largest class`.

    Attributes:
        outputs: Probabilities, float64, shape (m, classes), of each group's class the leading ones; or years, float64,
            shape (m, 1).
        thresholds: Threshold by metric.
    """

    name: str
    outputs: Outputs
    thresholds: Mapping[str, float] = field(default_factory=dict)


def guesses(train: Known, test: Known, *, target: TargetKind, classes: int, fraction: float) -> list[Guess]:
    """Guess the labels of test images, without a look at them.

    One guess is the same for all images: the frequencies of classes in training, or the median year. With groups, there
    is a second one: the median year of the image's group, or the frequencies in its group plus one image of average
    frequencies. For single-label targets half of that image is of the group's commonest class, on a tie the one listed
    first in training, so that it comes first. An image without a known group gets the first guess.

    Args:
        train: Images that guesses are made from.
        test: Images to guess.
        target: Kind of target.
        classes: Number of classes of the task.
        fraction: Share of train (`held_out`) on which thresholds are chosen, with guesses from the rest.
    """
    return [
        Guess(
            name=name,
            outputs=_outputs(train, test, classes=classes, grouped=grouped),
            thresholds=_thresholds(train, classes, grouped, target, fraction),
        )
        for name, grouped in zip(target_named(target).baselines, (False, True), strict=True)
        if not grouped or train.groups is not None
    ]


def chance_rankings(index: Split, queries: Split) -> Rankings:
    """Put an index into an order by chance for each query, which is not compared with itself.

    Args:
        index: Pictures to search.
        queries: Pictures to search with.
    """
    random = np.random.default_rng(0)
    members, pictures = Counter(index.labels.tolist()), Counter(index.rows.tolist())
    both = Counter(zip(index.rows.tolist(), index.labels.tolist(), strict=True))
    members[NOTHING] = 0
    places = []
    for row, label in zip(queries.rows.tolist(), queries.labels.tolist(), strict=True):
        belonging = max(0, members[label] - both[row, label])
        drawn = random.choice(len(index) - pictures[row], belonging, replace=False, shuffle=False)
        places.append(np.sort(drawn) + 1)
    hit = np.array([len(found) > 0 and found[0] == 1 for found in places], bool)
    return Rankings.of(
        places,
        nearest=np.where(hit, queries.labels.astype(np.int64), NOTHING),
        similarity=random.random(len(queries), np.float64),
    )


def _thresholds(train: Known, classes: int, grouped: bool, target: TargetKind, fraction: float) -> Mapping[str, float]:
    if train.labels.ndim == 1:
        return {}
    held = held_out(train.labels, train.ids, fraction=fraction)
    rest = np.setdiff1d(np.arange(len(train.labels)), held)
    if not len(held):
        held = rest
    outputs = _outputs(_some(train, rest), _some(train, held), classes=classes, grouped=grouped)
    return best_thresholds(train.labels[held], outputs, target=target)


def _some(known: Known, positions: NDArray[np.int64]) -> Known:
    return Known(
        labels=known.labels[positions],
        ids=[known.ids[at] for at in positions.tolist()],
        groups=None if known.groups is None else [known.groups[at] for at in positions.tolist()],
    )


def _outputs(train: Known, test: Known, *, classes: int, grouped: bool) -> Outputs:
    everyone = _answer(train.labels, classes)
    if not grouped or train.groups is None or test.groups is None:
        return np.broadcast_to(everyone, (len(test.labels), len(everyone)))
    members: dict[str, list[int]] = {}
    for at, group in enumerate(train.groups):
        if group:
            members.setdefault(group, []).append(at)
    known = sorted(set(test.groups) & members.keys())
    answers = [everyone, *(_of_group(train.labels[members[group]], everyone, classes) for group in known)]
    place = {group: number for number, group in enumerate(known, start=1)}
    chosen = np.array([place.get(group, 0) for group in test.groups], np.int64)
    if train.labels.dtype == np.int64:
        leading = joined([Leading.of(answer[None]) for answer in answers])
        assert isinstance(leading, Leading)
        return leading.select(chosen)
    return np.stack(answers)[chosen]


def _of_group(labels: Labels, everyone: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    answer, n = _answer(labels, classes), len(labels)
    if labels.dtype == np.float64:
        return answer
    more = everyone
    if labels.ndim == 1:
        commonest = labels[answer[labels] == answer.max()][0]
        more = (everyone + (np.arange(classes) == commonest)) / 2
    return (n * answer + more) / (n + 1)


def _answer(labels: Labels, classes: int) -> NDArray[np.float64]:
    """Return the frequency of each class, (classes,), or the median year, (1,)."""
    if labels.dtype == np.float64:
        return np.median(labels, keepdims=True)
    counts = np.bincount(labels, minlength=classes) if labels.ndim == 1 else labels.sum(axis=0)
    return counts / len(labels)
