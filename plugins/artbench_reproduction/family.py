"""The specs of `reproduced:TASK` and `reproduced:TASK@KIND`."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from artbench.errors import UsageError
from artbench.plugins.known import is_searched, known_registry
from artbench.specs import DatasetSpec, TaskSpec
from artbench_reproduction.changes import KINDS
from artbench_reproduction.dataset import open_reproduced, reproduced_targets

PREFIX = "reproduced:"


def names() -> Sequence[str]:
    """Return a name for every registered task that is about single images."""
    tasks = (spec for _, spec in known_registry().tasks.specs())
    return [PREFIX + spec.name for spec in tasks if not is_searched(spec.target)]


def resolve_dataset(name: str) -> DatasetSpec | None:
    """Return the changed images of a registered task; None if the name is another, or holds a path."""
    return _dataset(name, paths=False)


def resolve_dataset_by_path(name: str) -> DatasetSpec | None:
    """Return the changed images of a collection's task; None if the name is another.

    Raises:
        ArtbenchError: There is no such collection.
    """
    return _dataset(name, paths=True)


def resolve_task(name: str) -> TaskSpec | None:
    """Return the task of finding the images of a registered task; None if the name is another, or holds a path.

    Raises:
        UsageError: There is no such task, or no such kind of change.
    """
    return _task(name, paths=False)


def resolve_task_by_path(name: str) -> TaskSpec | None:
    """Return the task of finding the images of a collection; otherwise as `resolve_task`."""
    return _task(name, paths=True)


def _asked(name: str, *, paths: bool) -> tuple[str, tuple[str, ...]] | None:
    """Return the name of the other task, and the kinds of change."""
    other = name.removeprefix(PREFIX)
    if other == name or other.startswith(PREFIX) or (":" in other) != paths:
        return None
    task, sign, kind = other.rpartition("@")
    if sign and kind in KINDS:
        return task, (kind,)
    if sign and not paths:
        raise UsageError(f"there is no kind of change {kind!r}", mend=f"There are {', '.join(KINDS)}")
    return other, KINDS


def _dataset(name: str, *, paths: bool) -> DatasetSpec | None:
    asked = _asked(name, paths=paths)
    if asked is None:
        return None
    task = known_registry().tasks.get(asked[0])
    base = known_registry().datasets.get(task.dataset)
    return DatasetSpec(
        name=name,
        description=f"test images of {task.name} as reproductions change them",
        factory=partial(open_reproduced, base=base, task=task),
        source=base.source,
        layout=base.layout,
        of=base,
        remarks=base.remarks,
    )


def _task(name: str, *, paths: bool) -> TaskSpec | None:
    asked = _asked(name, paths=paths)
    if asked is None:
        return None
    other, kinds = asked
    task = known_registry().tasks.get(other)
    what = kinds[0] if len(kinds) == 1 else "reproduction"
    spec = TaskSpec(
        name=PREFIX + task.name,
        description=f"which test image of {task.name} one is that {what} has changed",
        dataset=PREFIX + other,
        target="retrieval",
        primary_metric="recall_at_1",
        factory=partial(reproduced_targets, kinds=kinds),
        clustered=True,
    )
    return spec if kinds == KINDS else replace(spec, name=f"{spec.name}@{what}")
