"""`artbench leaderboard check`: submitted records against the tasks and the data on this machine."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.folders import DatasetPaths
from artbench.data.groups import held_groups
from artbench.data.opening import OpenTask, open_tasks
from artbench.errors import ArtbenchError, UsageError
from artbench.leaderboard.validation.check import KnownTask, check_folder
from artbench.leaderboard.validation.findings import FileFindings, Report, shown
from artbench.plugins.registry import Registry
from artbench.records.predictions import StoredPredictions
from artbench.records.publishing import image_digests
from artbench.records.record import Record
from artbench.runtime.progress import Reporter, Silent


def check_records(folder: Path, *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> Report:
    """Check submitted records: each alone, against its task and the data on this machine, and all together.

    Nothing in the folder is trusted: no link is followed, nothing is unpickled, and sizes are bounded.

    Args:
        folder: A results folder, or its `records/`.
        registry: The registered tasks and datasets.
        paths: Where the datasets are.
        reporter: Receives progress, and a notice for each dataset that can't be opened.

    Raises:
        UsageError: A dataset in `paths` is unknown.
        ArtbenchError: There is no folder of records, or a dataset in `paths` can't be opened.
    """
    for name in paths.by_name:
        registry.datasets.get(name)
    tasks = _Tasks(registry=registry, paths=paths, reporter=reporter)
    plugins = frozenset(plugin.distribution for plugin in registry.plugins)
    report = check_folder(folder, tasks=tasks.known, plugins=plugins, now=datetime.now(UTC), reporter=reporter)
    return replace(report, compared=tuple(sorted(tasks.compared)))


@dataclass(kw_only=True)
class _Tasks:
    """Tasks by name, each opened when the first record names it; `absent` are datasets that can't be opened."""

    registry: Registry
    paths: DatasetPaths
    reporter: Reporter
    found: dict[str, KnownTask] = field(default_factory=dict)
    compared: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    def known(self, record: Record) -> KnownTask:
        name = record.task
        if name not in self.found:
            self.found[name] = self._open(name)
        return self.found[name]

    def _open(self, name: str) -> KnownTask:
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
                paths=self.paths,
                allow_partial=True,
                reporter=Silent() if spec.dataset in self.compared else self.reporter,
            )
        except ArtbenchError as error:
            if spec.dataset in self.paths.by_name:
                raise
            self.absent.add(spec.dataset)
            self.reporter.notice(f"Records of {spec.dataset} are not compared with the data: {shown(error.message)}")
            return KnownTask(spec=spec)
        self.compared.add(spec.dataset)
        return KnownTask(spec=spec, compare=partial(_compare, task))


def _compare(
    task: OpenTask, record: Record, stored: StoredPredictions, classes: tuple[str, ...], about: FileFindings
) -> None:
    """Compare a record with the data on this machine."""
    data = record.dataset
    if data.fingerprint != task.state(data.listing, Silent()):
        _report_state(task, record, about)
        return
    missing = len(task.targets.missing)
    if (data.missing, data.partial) != (missing, task.partial):
        about.fault(f"{missing:,} images are missing in this state of the data; the record says {data.missing:,}")
    if data.classes != len(task.targets.classes) or (classes and classes != task.targets.classes):
        about.fault("the classes are not those of the task")
    count, splits = max(1, len(record.rounds)), [targets.test for targets in task.targets.rounds]
    # Few-shot records have several draws per split; the protocol says how many.
    if count % len(splits) or (record.few_shot is None and count != len(splits)):
        about.fault(f"the record has {count} rounds, the task has {len(splits)}")
        return
    for number in range(count):
        split, rows = splits[number * len(splits) // count], stored.rounds == number
        ids = image_digests(task.dataset.ids[row] for row in split.rows.tolist())
        given, targets = image_digests(stored.images[rows]), stored.labels[rows]
        if problem := _difference(ids, split.labels, given, targets, unreadable=data.unreadable):
            about.fault(f"the predictions are not for the test split of the task: {problem}")
            return
    if not data.unreadable and record.few_shot is None:
        fitted = sum(len(split) for name, split in task.targets.splits if name != "test")
        if data.train != fitted:
            about.fault(f"the task has {fitted:,} training images; the record says {data.train:,}")
        _compare_groups(task, record, about)


def _compare_groups(task: OpenTask, record: Record, about: FileFindings) -> None:
    """Compare the number of groups on which each penalty was chosen, where the record has it."""
    for number, (probe, round_) in enumerate(zip(record.probes, task.targets.rounds, strict=True)):
        held = held_groups(task.targets, round_, task.dataset)
        if probe.groups not in (None, held):
            about.fault(f"round {number}: the task has {held:,} groups to hold out; the record says {probe.groups:,}")


def _report_state(task: OpenTask, record: Record, about: FileFindings) -> None:
    data = record.dataset
    if data.partial or data.exclusion is not None or task.partial:
        why = "an exclusion list" if data.exclusion is not None else "a partial copy, here or there"
        about.notice(f"the record was measured on another state of the data ({why}): its test split was not compared")
    else:
        here = task.state(data.listing, Silent())
        about.fault(
            f"the record was measured on the data state {data.fingerprint[:12]}; here it is {here[:12]}",
            "`artbench data check` says whether the copy here is whole",
        )


def _difference(
    ids: list[str], labels: NDArray[np.generic], given: list[str], targets: NDArray[np.generic], *, unreadable: int
) -> str:
    """Describe how predictions differ from the test split; empty if they cover it, up to unreadable images."""
    if not 0 <= len(ids) - len(given) <= unreadable:
        return f"it has {len(ids):,} images, the predictions have {len(given):,}"
    # Match in order, each image at its first possible position.
    at, places = 0, []
    for name in given:
        try:
            at = ids.index(name, at) + 1
        except ValueError:
            return f"{name} is not in it, or not in this position"
        places.append(at - 1)
    if targets.shape[1:] != labels.shape[1:] or not np.array_equal(labels[places], targets):
        return "the targets differ from its labels"
    return ""
