"""`check_task`: does a task keep the contract?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench.runtime.findings import Finding
from artbench.specs import DatasetSpec, TaskSpec
from artbench.stats.metrics import find_metric
from artbench.testing.checks import (
    Broken,
    Check,
    Fault,
    PathLike,
    demand,
    examined,
    factory_of,
    folder_of,
    line,
    registered,
    some,
)
from artbench.testing.dataset import shared
from artbench.testing.read_dataset import make_read


def check_task(
    spec: TaskSpec | str,
    root: Path | None = None,
    *,
    dataset: DatasetSpec | None = None,
    plugins: Sequence[PathLike] = (),
) -> None:
    """Read a task's targets from its dataset and put them to every check.

    Args:
        spec: The task, or its name among what plugins register.
        root: The folder of its dataset, as `check_dataset` takes it.
        dataset: Its dataset; None: what is registered under the name that the task gives.
        plugins: Python files that hold plugins, beside those that are installed.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No task, or no dataset, is called that, or nothing says where the pictures are.
        ArtbenchError: There is no such folder.

    Examples:
        In a test that gets the fixture `artbench_tiny_dataset` as `tiny`:

        >>> from artbench.testing import check_task
        >>> check_task(tiny.task, tiny.root, dataset=tiny.spec)
    """
    registry = registered(plugins)
    if isinstance(spec, str):
        spec = registry.tasks.get(spec)
    dataset = dataset or registry.datasets.get(spec.dataset)
    demand(f"task {spec.name}", examine_task(spec, folder_of(dataset, root), dataset=dataset))


def examine_task(spec: TaskSpec, root: Path, *, dataset: DatasetSpec) -> list[Finding]:
    """All findings about a task, those that pass among them.

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
    return examined(lambda: make_asked(spec, root, dataset), [*STATED_CHECKS, *LABEL_CHECKS])


@dataclass(frozen=True, kw_only=True)
class ReadTask:
    """A task with its targets.

    Attributes:
        spec: What was registered.
        dataset: That it is on.
        targets: What it asks.
        again: What it asks the second time, of the dataset as it was read the second time.
        dataset_again: That.
    """

    spec: TaskSpec
    dataset: Dataset
    targets: Targets
    again: Targets
    dataset_again: Dataset


def make_asked(spec: TaskSpec, root: Path, dataset: DatasetSpec) -> ReadTask:
    """Read the dataset and the targets, twice.

    Raises:
        Broken: They can't be read, or are not targets.
    """
    read = make_read(dataset, root)
    factory = factory_of(spec.factory)
    return ReadTask(
        spec=spec,
        dataset=read.dataset,
        targets=_targets(factory, read.dataset),
        again=_targets(factory, read.again),
        dataset_again=read.again,
    )


def _targets(factory: Callable[[Dataset], Any], dataset: Dataset) -> Targets:
    try:
        targets = factory(dataset)
    except ArtbenchError as error:
        fault = Fault(f"no targets come of the dataset: {error.message}", error.mend or "Mend the lists it reads")
        raise Broken("factory", fault) from error
    except Exception as error:
        mend = "Let the dataset's factory check what the task's reads from `tables`"
        raise Broken("factory", Fault(f"the factory raises {line(error)}", mend)) from error
    if not isinstance(targets, Targets):
        mend = "Return artbench.data.targets.Targets"
        raise Broken("factory", Fault(f"the factory returns a {type(targets).__name__}, not Targets", mend))
    for round_ in targets.rounds:
        parts: dict[str, object] = {"train": round_.train, "test": round_.test, **dict(round_.splits)}
        for name, split in parts.items():
            _check_split(name, split, len(dataset))
    return targets


def _check_split(name: str, split: Any, pictures: int) -> None:
    if not isinstance(split, Split) or not isinstance(split.rows, np.ndarray):
        mend = "Give Split(rows=np.array(…, np.int64), labels=np.array(…))"
        raise Broken("rows", Fault(f"{name} is not a Split of two arrays", mend))
    if split.rows.dtype != np.int64 or split.rows.ndim != 1:
        mend = "Give rows as np.array(rows, np.int64): numbers of pictures of the dataset, not a mask"
        raise Broken("rows", Fault(f"rows of {name} are {split.rows.dtype} of shape {split.rows.shape}", mend))
    wrong = split.rows[(split.rows < 0) | (split.rows >= pictures)]
    if len(wrong):
        mend = "Number pictures as the dataset does, from 0"
        raise Broken("rows", Fault(f"rows of {name} are not all of the {pictures:,} pictures: {wrong[0]}", mend))


def labels(asked: ReadTask) -> Iterator[Fault]:
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


def splits_hold_pictures(asked: ReadTask) -> Iterator[Fault]:
    """Every split has pictures."""
    for round_ in asked.targets.rounds:
        for name, split in round_.splits:
            if not len(split.rows):
                mend = "Leave out validation where there is none" if name == "validation" else "Mend the lists"
                yield Fault(f"{name} is empty", mend)


def splits_apart(asked: ReadTask) -> Iterator[Fault]:
    """No picture is in two splits."""
    yield from shared(asked.targets, asked.dataset)


def every_class_is_trained(asked: ReadTask) -> Iterator[Fault]:
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


def fingerprint(asked: ReadTask) -> Iterator[Fault]:
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


LABEL_CHECKS: tuple[Check[ReadTask], ...] = (
    labels,
    splits_hold_pictures,
    splits_apart,
    every_class_is_trained,
    fingerprint,
)


def primary_metric(asked: ReadTask) -> Iterator[Fault]:
    """The primary metric is one that artbench knows for this kind of target."""
    try:
        find_metric(asked.spec.primary_metric, asked.spec.target)
    except ArtbenchError as error:
        yield Fault(error.message, f"State one of those: {error.mend.removeprefix('There are ')}")


def target(asked: ReadTask) -> Iterator[Fault]:
    """Labels are of the kind that the task states."""
    wanted = {"single-label": "int64 of shape (n,)", "multi-label": "bool of shape (n, classes)"}
    classes = len(asked.targets.classes)
    for round_ in asked.targets.rounds:
        for name, split in round_.splits:
            labels, n = split.labels, len(split.rows)
            shape = (n, classes) if asked.spec.target == "multi-label" else (n,)
            kind = {"single-label": "int64", "multi-label": "bool", "year": "float64"}[asked.spec.target]
            if str(labels.dtype) != kind or labels.shape != shape:
                needed = wanted.get(asked.spec.target, "float64 of shape (n,)")
                yield Fault(
                    f"labels of {name} are {labels.dtype} of shape {labels.shape}, for {n:,} rows",
                    f"A {asked.spec.target} task has {needed}, with n rows and {classes:,} classes here",
                )


def classes(asked: ReadTask) -> Iterator[Fault]:
    """Classes are a tuple of different names; none for years."""
    named = asked.targets.classes
    if asked.spec.target == "year":
        if named != ():
            yield Fault(f"a year has no classes, and there are {len(named)}", "Give classes=()")
    elif not isinstance(named, tuple) or not all(isinstance(name, str) and name for name in named):
        yield Fault("classes are not a tuple of texts", "Give classes=tuple(sorted(names))")
    elif len(set(named)) != len(named):
        yield Fault("some classes have one name", "Give each class a name of its own")


def groups(asked: ReadTask) -> Iterator[Fault]:
    """Groups are given for every row of the dataset, and are there where intervals are clustered."""
    given = asked.targets.groups
    if given is None and asked.spec.clustered:
        yield Fault("it is clustered, and its targets have no groups", "Give groups, or leave clustered out")
    if given is not None and len(given) != len(asked.dataset):
        mend = "Give one group a row of the dataset, in its order, '' where nobody knows"
        yield Fault(f"there are {len(given):,} groups for {len(asked.dataset):,} pictures", mend)


def repeats(asked: ReadTask) -> Iterator[Fault]:
    """Other splits of the same task have its classes, and no groups or repeats of their own."""
    for other in asked.targets.repeats:
        if other.classes != asked.targets.classes:
            yield Fault("a repeat has other classes", "Give every repeat the classes of the whole task")
        if other.groups is not None or other.repeats:
            yield Fault("a repeat has groups or repeats of its own", "Give them once, with the first")


def missing(asked: ReadTask) -> Iterator[Fault]:
    """What is named as missing is not there."""
    if isinstance(asked.targets.missing, str) or not all(isinstance(path, str) for path in asked.targets.missing):
        yield Fault("missing are not texts", "Give missing as paths below the folder, as the lists name them")
        return
    found = [path for path in asked.targets.missing if path and (asked.dataset.root / path).is_file()]
    if found:
        mend = "Name what the lists name and the folder lacks"
        yield Fault(f"{len(found):,} files that it calls missing are there, such as {found[0]}", mend)


STATED_CHECKS: tuple[Check[ReadTask], ...] = (primary_metric, target, classes, groups, repeats, missing)
