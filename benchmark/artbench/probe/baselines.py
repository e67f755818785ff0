"""Reference rows: what guesses score that look at no image, so that everyone can see what a score is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from artbench.data.splits import held_out
from artbench.data.targets import Labels
from artbench.specs import TargetKind
from artbench.stats.metrics import best_thresholds

_NAMES: Mapping[TargetKind, tuple[str, str]] = {
    "single-label": ("largest class", "painter's commonest class"),
    "multi-label": ("label frequencies", "painter's label frequencies"),
    "year": ("median year", "painter's median year"),
}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of some images without a look at them.

    Attributes:
        labels: As `Split.labels`.
        ids: The id of each image.
        groups: The group of each image, such as its painter, "" where nobody knows; None: of none.
    """

    labels: Labels
    ids: Sequence[str]
    groups: Sequence[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A reference row.

    Attributes:
        name: `largest class`, …
        outputs: Probabilities, float64, shape (m, classes), or years, float64, shape (m, 1).
        thresholds: For the metrics that need one.
    """

    name: str
    outputs: NDArray[np.float64]
    thresholds: Mapping[str, float] = field(default_factory=dict)


def guesses(train: Known, test: Known, *, target: TargetKind, classes: int, fraction: float) -> list[Guess]:
    """The reference rows for some test images, whose labels are not looked at.

    Everyone gets the same answer: the frequencies of the classes in training, of which the largest class comes first
    (of equals the first), or the median year. Where groups are known, an image gets the median year of its group, or
    the frequencies in its group with one more image of average frequencies; for one class per image, half of that
    image is of the group's commonest class, of equals the one that training lists first, which puts it on top. A
    image whose group is unknown or was never trained on gets the answer that everyone gets.

    Args:
        train: What guesses are made from.
        test: What is guessed.
        target: The kind of label.
        classes: Number of classes of the task.
        fraction: Of train on which thresholds are chosen (`held_out`), for guesses from the rest.
    """
    everyone, by_group = _NAMES[target]
    kinds = [(everyone, False)] + [(by_group, True)] * (train.groups is not None)
    found = []
    for name, grouped in kinds:
        outputs = _outputs(train, test, classes=classes, grouped=grouped)
        found.append(Guess(name=name, outputs=outputs, thresholds=_thresholds(train, classes, grouped, fraction)))
    return found


def _thresholds(train: Known, classes: int, grouped: bool, fraction: float) -> Mapping[str, float]:
    if train.labels.ndim == 1:
        return {}
    held = held_out(train.labels, train.ids, fraction=fraction)
    rest = np.setdiff1d(np.arange(len(train.labels)), held)
    if not len(held):
        held = rest
    outputs = _outputs(_some(train, rest), _some(train, held), classes=classes, grouped=grouped)
    return best_thresholds(train.labels[held], outputs, target="multi-label")


def _some(known: Known, positions: NDArray[np.int64]) -> Known:
    return Known(
        labels=known.labels[positions],
        ids=[known.ids[at] for at in positions.tolist()],
        groups=None if known.groups is None else [known.groups[at] for at in positions.tolist()],
    )


def _outputs(train: Known, test: Known, *, classes: int, grouped: bool) -> NDArray[np.float64]:
    if not grouped or train.groups is None or test.groups is None:
        return np.repeat(_answer(train.labels, classes)[None], len(test.labels), axis=0)
    members: dict[str, list[int]] = {}
    for at, group in enumerate(train.groups):
        if group:
            members.setdefault(group, []).append(at)
    everyone = _answer(train.labels, classes)
    found = {
        group: _of_group(train.labels[members[group]], everyone, classes) for group in set(test.groups) & members.keys()
    }
    return np.stack([found.get(group, everyone) for group in test.groups])


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
    """The frequency of each class, (classes,), or the median year, (1,)."""
    if labels.dtype == np.float64:
        return np.median(labels, keepdims=True)
    counts = np.bincount(labels, minlength=classes) if labels.ndim == 1 else labels.sum(axis=0)
    return counts / len(labels)
