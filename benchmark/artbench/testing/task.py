"""Checks of a task."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from artbench.data.checks import check_compared, check_searched
from artbench.data.dataset import Dataset
from artbench.data.groups import check_groups
from artbench.data.rankings import NOTHING
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench.plugins.known import check_metrics, form_of, is_searched, target_named
from artbench.runtime.findings import Finding, Status
from artbench.specs import DatasetSpec, TaskSpec, load_factory
from artbench.specs.targets import SEARCHED
from artbench.testing import checks
from artbench.testing.checks import Broken, Fault, some
from artbench.testing.dataset import overlaps
from artbench.testing.read_dataset import ReadDataset, read_twice

# What labels are, by kind of target: dtype, and shape in words.
_LABELS = {
    "class": ("int64", "(n,)"),
    "labels": ("bool", "(n, classes)"),
    "number": ("float64", "(n,)"),
    "ranking": ("int64", "(n,)"),
    "neighbours": ("int64", "(n,)"),
}


def check_task(
    spec: TaskSpec | str,
    root: Path | None = None,
    *,
    dataset: DatasetSpec | None = None,
    plugins: Sequence[checks.PathLike] = (),
) -> None:
    """Read a task's targets from its dataset and run every check on them.

    Args:
        spec: The task, or its registered name.
        root: The folder of its dataset, as in `check_dataset`.
        dataset: Its dataset; None: the one that is registered under the name that the task gives.
        plugins: Python files that hold plugins, in addition to the installed ones.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No task, or no dataset, has that name, or nothing says where the images are.
        ArtbenchError: There is no such folder.

    Examples:
        In a test that gets the fixture `artbench_tiny_dataset` as `tiny`:

        >>> from artbench.testing import check_task
        >>> check_task(tiny.task, tiny.root, dataset=tiny.spec)
    """
    registry = checks.registered(plugins)
    if isinstance(spec, str):
        spec = registry.tasks.get(spec)
    dataset = dataset or registry.datasets.get(spec.dataset)
    found = examine_task(spec, checks.folder_of(dataset, root), dataset=dataset)
    checks.demand(f"task {spec.name}", found)


def examine_task(spec: TaskSpec, root: Path, *, dataset: DatasetSpec) -> list[Finding]:
    """Return every finding about a task, including the checks that pass.

    Args:
        spec: The task.
        root: The folder of its dataset.
        dataset: Its dataset.

    Examples:
        In a test that gets the fixture `artbench_tiny_dataset` as `tiny`:

        >>> from artbench.testing import examine_task
        >>> {finding.status for finding in examine_task(tiny.task, tiny.root, dataset=tiny.spec)}
        {'PASS'}
    """
    return checks.run_checks(lambda: _read(spec, root, dataset), [*STATED_CHECKS, *LABEL_CHECKS])


@dataclass(frozen=True, kw_only=True)
class ReadTask:
    """A task with its dataset, read twice, and its targets from the first read and `again` from the second."""

    spec: TaskSpec
    read: ReadDataset
    targets: Targets
    again: Targets


def _read(spec: TaskSpec, root: Path, dataset: DatasetSpec) -> ReadTask:
    read = read_twice(dataset, root)
    return ReadTask(spec=spec, read=read, targets=_targets(spec, read.dataset), again=_targets(spec, read.again))


def _targets(spec: TaskSpec, dataset: Dataset) -> Targets:
    mend = "Let the dataset's factory check what the task's factory reads from `tables`"
    targets = checks.call_factory(checks.factory_of(spec.factory), dataset, returns=Targets, mend=mend)
    for round_ in targets.rounds:
        parts: dict[str, object] = {"train": round_.train, "test": round_.test, **dict(round_.splits)}
        for name, split in parts.items():
            _check_split(name, split, len(dataset))
    return targets


def _check_split(name: str, split: Any, images: int) -> None:
    if not isinstance(split, Split) or not isinstance(split.rows, np.ndarray):
        mend = "Give Split(rows=np.array(…, np.int64), labels=np.array(…))"
        raise Broken("rows", f"{name} is not a Split of two arrays", mend)
    if split.rows.dtype != np.int64 or split.rows.ndim != 1:
        mend = "Give rows as np.array(rows, np.int64): numbers of images of the dataset, not a mask"
        raise Broken("rows", f"rows of {name} are {split.rows.dtype} of shape {split.rows.shape}", mend)
    if len(wrong := split.rows[(split.rows < 0) | (split.rows >= images)]):
        mend = "Number images as the dataset does, from 0"
        raise Broken("rows", f"rows of {name} are not all from 0 to {images - 1:,}: {wrong[0]}", mend)


def _splits(task: ReadTask) -> Iterator[tuple[str, Split]]:
    for round_ in task.targets.rounds:
        yield from round_.splits


def labels(task: ReadTask) -> Iterator[Fault]:
    """Labels are within the range of the classes; numbers are finite.

    Of rankings, -1 is the label of an image that belongs with no other.
    """
    lowest = NOTHING if form_of(task.spec.target) == "ranking" else 0
    for name, split in _splits(task):
        if split.labels.dtype == np.float64 and not np.isfinite(split.labels).all():
            yield Fault(f"some labels of {name} are NaN or infinite", "Leave out images without a number")
        elif split.labels.dtype == np.int64:
            count = len(task.targets.classes)
            if len(wrong := split.labels[(split.labels < lowest) | (split.labels >= count)]):
                mend = "Number classes from 0, in the order of `classes`; leave out images without a label"
                yield Fault(f"labels of {name} are not all from {lowest} to {count - 1}: {wrong[0]}", mend)


def splits_hold_pictures(task: ReadTask) -> Iterator[Fault]:
    """Every split contains images."""
    for name, split in _splits(task):
        if not len(split.rows):
            mend = "Leave out validation where there is none" if name == "validation" else "Correct the lists"
            yield Fault(f"{name} is empty", mend)


def splits_apart(task: ReadTask) -> Iterator[Fault]:
    """No image is in two splits, but for queries of a ranking, which the index may hold; one of them has an answer."""
    if not is_searched(task.spec.target):
        yield from overlaps(task.targets, task.read.dataset)
        return
    check = check_searched if form_of(task.spec.target) == "ranking" else check_compared
    for round_ in task.targets.rounds:
        try:
            check(round_, task.read.dataset, task=task.spec.name)
        except ArtbenchError as error:
            yield Fault(error.message, error.mend)


def every_class_is_trained(task: ReadTask) -> Iterator[Fault]:
    """Every class has an image in train; an index need not have one of everything."""
    if form_of(task.spec.target) in ("number", *SEARCHED):
        return
    classes, labels = task.targets.classes, task.targets.train.labels
    present = set((labels.nonzero()[1] if labels.ndim == 2 else labels).tolist())
    if untrained := [name for number, name in enumerate(classes) if number not in present]:
        message = f"{len(untrained):,} of {len(classes):,} classes have no image in train: {some(untrained)}"
        # A part of a dataset may lack some classes.
        status: Status = "WARN" if task.targets.missing else "FAIL"
        yield Fault(message, "Leave them out of classes, or give them an image to learn from", status)


def fingerprint(task: ReadTask) -> Iterator[Fault]:
    """A second read gives the same targets, so that two results can be compared."""
    if _fingerprint(task.targets, task.read.dataset) != _fingerprint(task.again, task.read.again):
        mend = "Sort what folders list, draw splits by a digest of the ids, and use neither random numbers nor the time"
        yield Fault("a second read gives other targets", mend)


def _fingerprint(targets: Targets, dataset: Dataset) -> str:
    # A missing image is reported by the checks of the dataset.
    with suppress(OSError):
        return targets.fingerprint(dataset)
    return ""


def primary_metric(task: ReadTask) -> Iterator[Fault]:
    """The metrics are ones for this kind of target, and the primary one can rank."""
    try:
        check_metrics(task.spec, classes=len(task.targets.classes))
    except ArtbenchError as error:
        yield Fault(error.message, error.mend)


def target(task: ReadTask) -> Iterator[Fault]:
    """Labels have the dtype and shape of the target that the task states, and are what it asks."""
    kind, words = _LABELS[form_of(task.spec.target)]
    classes, sound = len(task.targets.classes), True
    for name, split in _splits(task):
        shape = (len(split.rows), classes) if form_of(task.spec.target) == "labels" else (len(split.rows),)
        if str(split.labels.dtype) != kind or split.labels.shape != shape:
            mend = f"Give {kind} of shape {words} for a {task.spec.target} task; here, {classes:,} classes"
            found = f"{split.labels.dtype} of shape {split.labels.shape}"
            sound = False
            yield Fault(f"labels of {name} are {found}, for {len(split.rows):,} rows", mend)
    if sound and (check := target_named(task.spec.target).check) is not None:
        load_factory(check)(task.targets)


def classes(task: ReadTask) -> Iterator[Fault]:
    """Classes are a tuple of different names; a task that asks for numbers has none."""
    names = task.targets.classes
    if form_of(task.spec.target) == "number":
        if names != ():
            yield Fault(f"a number has no classes, and there are {len(names)}", "Give classes=()")
    elif not isinstance(names, tuple) or not all(isinstance(name, str) and name for name in names):
        yield Fault("classes are not a tuple of texts", "Give classes=tuple(sorted(names))")
    elif len(set(names)) != len(names):
        yield Fault("some classes have the same name", "Give each class a name of its own")


def groups(task: ReadTask) -> Iterator[Fault]:
    """Every row of the dataset has a group; intervals that are clustered need groups that train has not seen.

    Of rankings, queries of one group are counted together.
    """
    groups = task.targets.groups
    if groups is not None and len(groups) != len(task.read.dataset):
        mend = "Give one group a row of the dataset, in its order, '' where it is unknown"
        yield Fault(f"there are {len(groups):,} groups for {len(task.read.dataset):,} images", mend)
        return
    try:
        check_groups(task.spec, task.targets)
    except ArtbenchError as error:
        yield Fault(error.message, error.mend)


def repeats(task: ReadTask) -> Iterator[Fault]:
    """Other splits of the same task have its classes, and no groups or repeats of their own."""
    for other in task.targets.repeats:
        if other.classes != task.targets.classes:
            yield Fault("a repeat has other classes", "Give every repeat the classes of the whole task")
        if other.groups is not None or other.repeats:
            yield Fault("a repeat has groups or repeats of its own", "Give them once, with the first")


def missing(task: ReadTask) -> Iterator[Fault]:
    """Files named as missing are not on disk."""
    paths = task.targets.missing
    if isinstance(paths, str) or not all(isinstance(path, str) for path in paths):
        yield Fault("missing are not texts", "Give missing as paths below the folder, as the lists name them")
    elif found := [path for path in paths if path and (task.read.dataset.root / path).is_file()]:
        mend = "Name what is in the lists and not in the folder"
        yield Fault(f"{len(found):,} files that are named as missing are there, such as {found[0]}", mend)


STATED_CHECKS = [primary_metric, target, classes, groups, repeats, missing]
LABEL_CHECKS = [labels, splits_hold_pictures, splits_apart, every_class_is_trained, fingerprint]
