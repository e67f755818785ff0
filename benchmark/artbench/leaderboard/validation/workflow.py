"""The check of submitted records against the tasks and the data that are here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.opening import OpenTask, open_tasks
from artbench.errors import ArtbenchError, UsageError
from artbench.leaderboard.validation.check import CheckContext, KnownTask, check_folder
from artbench.leaderboard.validation.findings import FileFindings, Report, printable
from artbench.plugins.registry import Registry
from artbench.records.predictions import StoredPredictions
from artbench.records.publishing import image_digests
from artbench.records.record import Record
from artbench.runtime.progress import Reporter, Silent


def check_records(
    folder: Path, *, registry: Registry, data_root: Path | None = None, placed: Mapping[str, Path], reporter: Reporter
) -> Report:
    """Check submitted records: each alone, against the tasks known here, against the data at hand, and side by side.

    Nothing in the folder is trusted: no link is followed, nothing is unpickled, and sizes are bounded.

    Args:
        folder: A results folder, or its `records/`.
        registry: What there is.
        data_root: See `artbench.data.folders.dataset_folder`.
        placed: See `artbench.data.folders.dataset_folder`.
        reporter: Told how far it is, and which data is not at hand.

    Raises:
        UsageError: A dataset in `placed` is unknown.
        ArtbenchError: There is no folder of records, or a dataset in `placed` is not what it should be.
    """
    for name in placed:
        registry.datasets.get(name)
    tasks = _Tasks(registry=registry, data_root=data_root, placed=placed, reporter=reporter)
    surroundings = CheckContext(
        tasks=tasks.known, plugins=frozenset(plugin.distribution for plugin in registry.plugins), now=datetime.now(UTC)
    )
    report = check_folder(folder, surroundings=surroundings, reporter=reporter)
    return replace(report, compared=tuple(sorted(tasks.compared)))


@dataclass(kw_only=True)
class _Tasks:
    """The tasks that records name, each opened once, when the first record names it."""

    registry: Registry
    data_root: Path | None
    placed: Mapping[str, Path]
    reporter: Reporter
    found: dict[str, KnownTask] = field(default_factory=dict)
    compared: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    def known(self, record: Record) -> KnownTask:
        if record.task not in self.found:
            self.found[record.task] = self._find(record.task)
        return self.found[record.task]

    def _find(self, name: str) -> KnownTask:
        try:
            spec = self.registry.tasks.get(name)
        except UsageError:
            return KnownTask()
        if spec.dataset in self.absent:
            return KnownTask(spec=spec)
        try:
            ((task,),) = open_tasks(
                [name],
                registry=self.registry,
                data_root=self.data_root,
                placed=self.placed,
                allow_partial=True,
                reporter=Silent() if spec.dataset in self.compared else self.reporter,
            )
        except ArtbenchError as error:
            if spec.dataset in self.placed:
                raise
            self.absent.add(spec.dataset)
            self.reporter.notice(
                f"Records of {spec.dataset} are not compared with its pictures and labels: {printable(error.message)}"
            )
            return KnownTask(spec=spec)
        self.compared.add(spec.dataset)
        return KnownTask(spec=spec, compare=partial(_compare, task))


def _compare(
    task: OpenTask, record: Record, stored: StoredPredictions, classes: tuple[str, ...], about: FileFindings
) -> None:
    """Compare a record with the data at hand."""
    data = record.dataset
    if data.fingerprint != task.fingerprint:
        _tell_state(task, record, about)
        return
    missing = len(task.targets.missing)
    if (data.missing, data.partial) != (missing, task.partial):
        about.fault(f"{missing:,} pictures are missing from this state of the data, not {data.missing:,}")
    if data.classes != len(task.targets.classes) or (classes and classes != task.targets.classes):
        about.fault("its classes are not those of the task")
    count, splits = max(1, len(record.rounds)), [targets.test for targets in task.targets.rounds]
    # Of few shots there are several draws for each split; how many, the protocol says.
    if count % len(splits) or (record.few_shot is None and count != len(splits)):
        about.fault(f"it has {count} rounds, the task has {len(splits)}")
        return
    for number in range(count):
        split, rows = splits[number * len(splits) // count], stored.rounds == number
        ids = image_digests(task.dataset.ids[row] for row in split.rows.tolist())
        problem = _unlike(
            ids, split.labels, image_digests(stored.images[rows]), stored.labels[rows], unreadable=data.unreadable
        )
        if problem:
            about.fault(f"its predictions are not of the task's test: {problem}")
            return
    if not data.unreadable and record.few_shot is None:
        fitted = sum(len(split) for name, split in task.targets.splits if name != "test")
        if data.train != fitted:
            about.fault(f"the task has {fitted:,} pictures to fit on, not {data.train:,}")


def _tell_state(task: OpenTask, record: Record, about: FileFindings) -> None:
    data = record.dataset
    if data.partial or data.exclusion is not None or task.partial:
        why = "an exclusion list" if data.exclusion is not None else "a partial copy, here or there"
        about.notice(f"its state of the data is not the one at hand ({why}): its test could not be compared")
    else:
        about.fault(
            f"its state of the data, {data.fingerprint[:12]}, is not the one at hand, {task.fingerprint[:12]}",
            "See with `artbench data check` which of the two copies is whole",
        )


def _unlike(
    ids: list[str],
    labels: NDArray[np.generic],
    given_ids: list[str],
    given_labels: NDArray[np.generic],
    *,
    unreadable: int,
) -> str:
    """How predictions differ from the test; empty where they are of all of it but what could not be read."""
    if not 0 <= len(ids) - len(given_ids) <= unreadable:
        return f"it has {len(ids):,} pictures, not {len(given_ids):,}"
    # In their order, each picture at the first place where it can be.
    at, places = 0, []
    for given in given_ids:
        try:
            at = ids.index(given, at) + 1
        except ValueError:
            return f"{given} is not in it, or not in this place"
        places.append(at - 1)
    if given_labels.shape[1:] != labels.shape[1:] or not np.array_equal(labels[places], given_labels):
        return "the targets are not its labels"
    return ""
