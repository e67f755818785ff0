"""The splits and labels of a task."""

from collections.abc import Iterator

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.testing.asked import Asked
from artbench.testing.checks import Check, Fault, some
from artbench.testing.splits import shared


def labels(asked: Asked) -> Iterator[Fault]:
    """Labels are within the range of the classes; years are finite."""
    for round_ in asked.targets.rounds:
        for name, split in round_.splits:
            if split.labels.dtype == np.float64:
                if not np.isfinite(split.labels).all():
                    yield Fault(f"some years of {name} are NaN or infinite", "Leave out pictures without a year")
            elif split.labels.dtype == np.int64:
                count = len(asked.targets.classes)
                wrong = split.labels[(split.labels < 0) | (split.labels >= count)]
                if len(wrong):
                    mend = "Number classes from 0, in the order of `classes`; leave out pictures without a label"
                    yield Fault(f"labels of {name} are not all from 0 to {count - 1}: {wrong[0]}", mend)


def splits_hold_pictures(asked: Asked) -> Iterator[Fault]:
    """Every split has pictures."""
    for round_ in asked.targets.rounds:
        for name, split in round_.splits:
            if not len(split.rows):
                mend = "Leave out validation where there is none" if name == "validation" else "Mend the lists"
                yield Fault(f"{name} is empty", mend)


def splits_apart(asked: Asked) -> Iterator[Fault]:
    """No picture is in two splits."""
    yield from shared(asked.targets, asked.dataset)


def every_class_is_trained(asked: Asked) -> Iterator[Fault]:
    """Every class has a picture in train."""
    if asked.spec.target == "year":
        return
    counts = _counts(asked.targets.train, len(asked.targets.classes))
    untrained = [name for name, count in zip(asked.targets.classes, counts.tolist(), strict=False) if not count]
    if untrained:
        # Of a part of a dataset, some classes are not there.
        partial = bool(asked.targets.missing)
        yield Fault(
            f"{len(untrained):,} of {len(asked.targets.classes):,} classes have no picture in train: {some(untrained)}",
            "Leave them out of classes, or give them a picture to learn from",
            "WARN" if partial else "FAIL",
        )


def fingerprint(asked: Asked) -> Iterator[Fault]:
    """Read again, the targets are the same: only then can two results be compared."""
    first, second = (
        _fingerprint(targets, dataset)
        for targets, dataset in ((asked.targets, asked.dataset), (asked.again, asked.dataset_again))
    )
    if first != second:
        yield Fault(
            "a second read gives other targets",
            "Let nothing depend on the order in which folders are listed, on a random number or on the time: sort, and "
            "draw splits by a digest of the ids",
        )


def _fingerprint(targets: Targets, dataset: Dataset) -> str:
    try:
        return targets.fingerprint(dataset)
    except OSError:
        # A picture that is not there: told by the checks of the dataset.
        return ""


def _counts(split: Split, classes: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    if split.labels.ndim == 2:
        return np.asarray(split.labels.astype(np.int64).sum(axis=0)[:classes], np.int64)
    within = split.labels[(split.labels >= 0) & (split.labels < classes)].astype(np.int64)
    return np.bincount(within, minlength=classes).astype(np.int64)


LABEL_CHECKS: tuple[Check[Asked], ...] = (
    labels,
    splits_hold_pictures,
    splits_apart,
    every_class_is_trained,
    fingerprint,
)
