"""Checks of a task's targets before anything is computed from them."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from artbench.data.cells import designs
from artbench.data.dataset import Dataset
from artbench.data.rankings import NOTHING
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench.runtime.progress import Reporter
from artbench.specs import AnswerForm
from artbench.specs.targets import SEARCHED

# Above this share of missing images, a result is not comparable with that of a complete copy.
MISSING_SHARE = 0.01

_PLUGIN = "This is a fault of the plugin that provides the task"
_SHOWN = 5
_LONGEST = 100


def check_targets(
    targets: Targets,
    dataset: Dataset,
    *,
    task: str,
    form: AnswerForm | None = None,
    allow_partial: bool,
    reporter: Reporter,
) -> None:
    """Raise unless targets can give a valid result.

    Args:
        targets: Targets of the task.
        dataset: Dataset of the targets.
        task: Name of the task, for messages.
        form: Form of the answers; None: that of its labels. The index of a ranking may hold its queries.
        allow_partial: Accept more than 1 % of the listed images missing.
        reporter: Receives notices of missing images and of classes without training images.

    Raises:
        ArtbenchError: Too many images are missing; none are left to train or test on; an image is in two splits; rows
            or labels are not as `Split` documents them.
    """
    _check_missing(targets, dataset, task=task, allow_partial=allow_partial, reporter=reporter)
    for round_ in targets.rounds:
        if form == "ranking":
            check_searched(round_, dataset, task=task)
        elif form == "neighbours":
            check_compared(round_, dataset, task=task)
        else:
            _check_round(round_, dataset, task=task)
    if len({(s.labels.dtype.kind, s.labels.ndim) for r in targets.rounds for _, s in r.splits}) > 1:
        raise ArtbenchError(f"{task}: some splits have other kinds of labels than others", mend=_PLUGIN)
    if any(round_.classes != targets.classes for round_ in targets.repeats):
        raise ArtbenchError(f"{task}: some repeats have other classes", mend=_PLUGIN)
    if targets.groups is not None and len(targets.groups) != len(dataset):
        raise ArtbenchError(
            f"{task}: {len(targets.groups):,} groups for {len(dataset):,} rows of the dataset", mend=_PLUGIN
        )
    if form not in SEARCHED and targets.train.labels.dtype != np.float64:
        _report_untrained(targets, task=task, reporter=reporter)


def _check_round(targets: Targets, dataset: Dataset, *, task: str) -> None:
    for name, split in targets.splits:
        _check_rows(split, dataset, where=f"{task}, {name}")
        _check_labels(split, classes=len(targets.classes), where=f"{task}, {name}")
        if not len(split):
            raise ArtbenchError(
                f"{task}: no image to {'test' if name == 'test' else 'train'} on ({name} is empty)",
                mend=f"Check that the images of this task are in {dataset.root}",
            )
    for (first, one), (second, other) in combinations(targets.splits, 2):
        shared = np.intersect1d(one.rows, other.rows)
        if len(shared):
            names = [dataset.ids[row] for row in shared.tolist()]
            raise ArtbenchError(
                f"{task}: images are in {first} and in {second}, {len(shared):,} of them: {_some(names)}",
                mend="An image may be in one split only: correct the task's lists",
            )


def check_searched(targets: Targets, dataset: Dataset, *, task: str) -> None:
    """Check an index and its queries, of which a label of -1 says that a picture belongs with no other.

    Raises:
        ArtbenchError: They can't be searched, or no query belongs with another picture of the index.
    """
    names = {"train": "index", "validation": "validation queries", "test": "queries"}
    for part, split in targets.splits:
        name = names[part]
        where = f"{task}, {name}"
        _check_rows(split, dataset, where=where)
        _check_labels(split, classes=len(targets.classes), where=where, lowest=NOTHING)
        if not len(split):
            raise ArtbenchError(f"{where}: there are no images", mend=f"Check that they are in {dataset.root}")
        if len(np.unique(split.rows)) < len(split):
            raise ArtbenchError(f"{where}: an image is there twice", mend=_PLUGIN)
    held = set(zip(targets.train.labels.tolist(), targets.train.rows.tolist(), strict=True))
    known = Counter(label for label, _ in held if label != NOTHING)
    tested = zip(targets.test.labels.tolist(), targets.test.rows.tolist(), strict=True)
    if not any(known[label] > ((label, row) in held) for label, row in tested):
        raise ArtbenchError(
            f"{task}: no query belongs with another picture of the index", mend="Check which pictures belong together"
        )


def check_compared(targets: Targets, dataset: Dataset, *, task: str) -> None:
    """Check pictures whose neighbours are counted by class and origin, such as museum.

    Raises:
        ArtbenchError: No two classes have two pictures each of the same two origins, or the origins are not known.
    """
    if targets.validation is not None or targets.repeats:
        raise ArtbenchError(f"{task}: there is a validation split, or repeats, and nothing is fitted", mend=_PLUGIN)
    for name, split in targets.splits:
        _check_rows(split, dataset, where=f"{task}, {name}")
        _check_labels(split, classes=len(targets.classes), where=f"{task}, {name}")
    if targets.origins is None or len(targets.origins) != len(dataset):
        raise ArtbenchError(f"{task}: there is not an origin for each image of the dataset", mend=_PLUGIN)
    held = Counter(
        (targets.classes[label], targets.origins[row])
        for label, row in zip(targets.test.labels.tolist(), targets.test.rows.tolist(), strict=True)
    )
    if not designs([cell for cell, count in held.items() if count > 1]):
        raise ArtbenchError(
            f"{task}: no two classes have two pictures each from the same two museums",
            mend="Compare classes that several museums have",
        )


def is_partial(targets: Targets) -> bool:
    """Return whether more images are missing than a comparable result allows."""
    return len(targets.missing) > MISSING_SHARE * _listed(targets)


def _listed(targets: Targets) -> int:
    # Each round holds every image; it counts once.
    there = len(targets.rows) if targets.repeats else sum(len(split) for _, split in targets.splits)
    return len(targets.missing) + there


def _check_missing(targets: Targets, dataset: Dataset, *, task: str, allow_partial: bool, reporter: Reporter) -> None:
    if not targets.missing:
        return
    share = len(targets.missing) / _listed(targets)
    missing = (
        f"{task}: {len(targets.missing):,} of {_listed(targets):,} images that its lists name ({share:.2%}) "
        f"are not in {dataset.root}: {_some(targets.missing)}"
    )
    if not is_partial(targets):
        reporter.notice(f"{missing}. The result counts as complete, as no more than {MISSING_SHARE:.0%} is missing.")
    elif allow_partial:
        reporter.notice(f"{missing}. The record will say that the data is partial.")
    else:
        raise ArtbenchError(
            missing,
            mend="Complete the folder, or give --allow-partial: the record will then say that the data is partial",
        )


def _check_rows(split: Split, dataset: Dataset, *, where: str) -> None:
    rows = split.rows
    if rows.dtype != np.int64 or rows.ndim != 1:
        raise ArtbenchError(f"{where}: rows are {rows.dtype} of shape {rows.shape}, not int64 of (n,)", mend=_PLUGIN)
    wrong = rows[(rows < 0) | (rows >= len(dataset))]
    if len(wrong):
        raise ArtbenchError(
            f"{where}: {len(wrong):,} rows are not of the {len(dataset):,} of the dataset, the first is {wrong[0]}",
            mend=_PLUGIN,
        )


def _check_labels(split: Split, *, classes: int, where: str, lowest: int = 0) -> None:
    labels, n = split.labels, len(split.rows)
    if labels.dtype == np.float64 and labels.shape == (n,):
        if not np.isfinite(labels).all():
            raise ArtbenchError(f"{where}: some numbers are NaN or infinite", mend=_PLUGIN)
        return
    single = labels.dtype == np.int64 and labels.shape == (n,)
    if not single and not (labels.dtype == np.bool_ and labels.shape == (n, classes)):
        raise ArtbenchError(
            f"{where}: labels are {labels.dtype} of shape {labels.shape}, neither int64 of ({n},), nor bool of "
            f"({n}, {classes}), nor float64 of ({n},)",
            mend=_PLUGIN,
        )
    wrong = labels[(labels < lowest) | (labels >= classes)] if single else labels[:0]
    if len(wrong):
        raise ArtbenchError(
            f"{where}: {len(wrong):,} labels are not from {lowest} to {classes - 1}, the first is {wrong[0]}",
            mend=_PLUGIN,
        )


def _report_untrained(targets: Targets, *, task: str, reporter: Reporter) -> None:
    labels = targets.train.labels
    counts = labels.sum(axis=0) if labels.ndim == 2 else np.bincount(labels, minlength=len(targets.classes))
    untrained = [targets.classes[index] for index in np.flatnonzero(counts == 0).tolist()]
    if untrained:
        reporter.notice(
            f"{task}: {len(untrained):,} of {len(targets.classes):,} classes have no image to train on: "
            f"{_some(untrained)}"
        )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(
        name if name.isprintable() else ascii(name) for name in (name[:_LONGEST] for name in names[:_SHOWN])
    )
    return shown + (", …" if len(names) > _SHOWN else "")
