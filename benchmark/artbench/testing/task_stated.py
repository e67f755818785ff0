"""What a task says of itself."""

from collections.abc import Iterator

from artbench.errors import ArtbenchError
from artbench.stats.metrics import find_metric
from artbench.testing.asked import Asked
from artbench.testing.checks import Check, Fault


def primary_metric(asked: Asked) -> Iterator[Fault]:
    """The primary metric is one that artbench knows for this kind of target."""
    try:
        find_metric(asked.spec.primary_metric, asked.spec.target)
    except ArtbenchError as error:
        yield Fault(error.message, f"State one of those: {error.mend.removeprefix('There are ')}")


def target(asked: Asked) -> Iterator[Fault]:
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


def classes(asked: Asked) -> Iterator[Fault]:
    """Classes are a tuple of different names; none for years."""
    named = asked.targets.classes
    if asked.spec.target == "year":
        if named != ():
            yield Fault(f"a year has no classes, and there are {len(named)}", "Give classes=()")
    elif not isinstance(named, tuple) or not all(isinstance(name, str) and name for name in named):
        yield Fault("classes are not a tuple of texts", "Give classes=tuple(sorted(names))")
    elif len(set(named)) != len(named):
        yield Fault("some classes have one name", "Give each class a name of its own")


def groups(asked: Asked) -> Iterator[Fault]:
    """Groups are given for every row of the dataset, and are there where intervals are clustered."""
    given = asked.targets.groups
    if given is None and asked.spec.clustered:
        yield Fault("it is clustered, and its targets have no groups", "Give groups, or leave clustered out")
    if given is not None and len(given) != len(asked.dataset):
        mend = "Give one group a row of the dataset, in its order, '' where nobody knows"
        yield Fault(f"there are {len(given):,} groups for {len(asked.dataset):,} pictures", mend)


def repeats(asked: Asked) -> Iterator[Fault]:
    """Other splits of the same task have its classes, and no groups or repeats of their own."""
    for other in asked.targets.repeats:
        if other.classes != asked.targets.classes:
            yield Fault("a repeat has other classes", "Give every repeat the classes of the whole task")
        if other.groups is not None or other.repeats:
            yield Fault("a repeat has groups or repeats of its own", "Give them once, with the first")


def missing(asked: Asked) -> Iterator[Fault]:
    """What is named as missing is not there."""
    if isinstance(asked.targets.missing, str) or not all(isinstance(path, str) for path in asked.targets.missing):
        yield Fault("missing are not texts", "Give missing as paths below the folder, as the lists name them")
        return
    found = [path for path in asked.targets.missing if path and (asked.dataset.root / path).is_file()]
    if found:
        mend = "Name what the lists name and the folder lacks"
        yield Fault(f"{len(found):,} files that it calls missing are there, such as {found[0]}", mend)


STATED_CHECKS: tuple[Check[Asked], ...] = (primary_metric, target, classes, groups, repeats, missing)
