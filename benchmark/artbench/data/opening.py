"""Opening datasets and tasks by name: the dataset is found and read, the targets are checked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.data.checks import check_targets, is_partial
from artbench.data.contents import Contents
from artbench.data.dataset import Dataset
from artbench.data.exclusion import NOTHING, Exclusions, Side
from artbench.data.folders import DatasetPaths
from artbench.data.groups import check_groups
from artbench.data.places import remember_place
from artbench.data.targets import Targets
from artbench.errors import ArtbenchError, plugin_errors
from artbench.plugins.catalogue import Entry
from artbench.plugins.known import asked_of, check_metrics, form_of, target_named
from artbench.plugins.registry import Registry
from artbench.protocol import Protocol
from artbench.runtime.files import cache_folder
from artbench.runtime.names import shown_name, why_unfit
from artbench.runtime.progress import Reporter, Silent
from artbench.specs import DatasetSpec, TaskSpec, load_factory
from artbench.specs.targets import SEARCHED


@dataclass(frozen=True, kw_only=True)
class OpenTask:
    """A task with its targets, read from the dataset on disk.

    Attributes:
        listing: Fingerprint of the targets for which no image was read (`Targets.fingerprint`).
        partial: Whether more images are missing than a comparable result allows.
        excluded: Number of rows that the user's list removed from train (with validation) and from test.
        exclusions_sha256: Digest of that list.
        plugins: Version of each distribution that provides task, dataset, kind of target or a metric.
    """

    spec: TaskSpec
    dataset: Dataset
    targets: Targets
    listing: str
    partial: bool
    excluded: Mapping[Side, int]
    exclusions_sha256: str
    plugins: Mapping[str, str]
    _state: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the dataset that the task needs features of, ascending."""
        return self.targets.rows

    def fingerprint(self, reporter: Reporter) -> str:
        """Return the fingerprint over the contents of the images as they are now; those not known are read."""
        contents = np.zeros((len(self.dataset), 2), np.uint64)
        known = Contents(self.dataset, cache_folder(to_read=True) / "features")
        contents[self.rows] = known.digests(self.rows, reporter)
        return self.targets.fingerprint(self.dataset, contents)

    def state(self, listing: str | None, reporter: Reporter) -> str:
        """Return the fingerprint that a record of this data has; the images are looked at once.

        Args:
            listing: The record's `DatasetState.listing`. If it is None, or not that of the data here, no image need be
                read: the fingerprint is that of the lists.
            reporter: Receives progress.
        """
        if listing != self.listing:
            return self.listing
        if not self._state:
            self._state.append(self.fingerprint(reporter))
        return self._state[0]

    def board(self, protocol: Protocol, fingerprint: str) -> tuple[str, int, str, str]:
        """Return the key of the leaderboard of its records under a protocol (`Record.board`)."""
        return self.spec.name, self.spec.version, protocol.hash, fingerprint


def open_tasks(
    names: Sequence[str],
    *,
    registry: Registry,
    paths: DatasetPaths,
    allow_partial: bool,
    exclusions: Exclusions = NOTHING,
    reporter: Reporter,
) -> list[list[OpenTask]]:
    """Open tasks, each dataset once, grouped by dataset.

    Args:
        names: Names of tasks; a name that stands for several opens them all.
        registry: All registered datasets and tasks.
        paths: Where the datasets are.
        allow_partial: Accept more than 1 % of the images missing; the records will say so.
        exclusions: Images to leave out.
        reporter: Receives notices of missing images.

    Raises:
        UsageError: The name of a task, or of a dataset in `paths`, is unknown, or a dataset has no folder.
        ArtbenchError: A dataset is not as it should be, or too much of it is missing.
    """
    for name in paths.by_name:
        registry.datasets.get(name)
    datasets: dict[str, Dataset] = {}
    opened: dict[str, list[OpenTask]] = {}
    expanded = dict.fromkeys(task for name in names for task in registry.tasks.expand(name))
    found = [registry.tasks.find(name) for name in expanded]
    for _, spec in found:
        check_metrics(spec)
    for entry, spec in found:
        source, dataset_spec = registry.datasets.find(spec.dataset)
        if spec.dataset not in datasets:
            folder = paths.folder(dataset_spec, reporter=reporter)
            dataset = datasets[spec.dataset] = open_dataset(dataset_spec, folder)
            for remark in dataset_spec.remarks:
                reporter.notice(f"{dataset.name}: {remark}.")
            unknown = exclusions.unknown(dataset)
            if unknown:
                reporter.notice(
                    f"{len(unknown):,} images to exclude are not in {dataset.name}, the first of them {unknown[0]!r}: "
                    "was the list made for another copy?"
                )
        owners: list[Entry[Any]] = [entry, source, *asked_of(spec, registry)]
        plugins = {owner.distribution: registry.version_of(owner) for owner in owners}
        _check_names(spec.name, datasets[spec.dataset].name)
        task = _open_task(
            spec, datasets[spec.dataset], plugins, allow_partial=allow_partial, exclusions=exclusions, reporter=reporter
        )
        opened.setdefault(spec.dataset, []).append(task)
    return list(opened.values())


def _check_names(*names: str) -> None:
    """Raise an ArtbenchError if a record can't have a name, before anything is computed for it."""
    for name in names:
        if why := why_unfit(name):
            raise ArtbenchError(
                f"a record can't have the name {shown_name(name)}: it {why}",
                mend="Rename the column or the collection",
            )


def _check_classes(targets: Targets, *, task: str) -> None:
    """Raise an ArtbenchError if a record can't have the name of a class."""
    for name in targets.classes:
        if why := why_unfit(name, published=False):
            raise ArtbenchError(
                f"{task}: a record can't have the class {shown_name(name)}: it {why}",
                mend="Write the class with usual letters and spaces",
            )


def open_dataset(spec: DatasetSpec, folder: Path) -> Dataset:
    """Read a dataset from its folder.

    Raises:
        ArtbenchError: It is not as it should be, or its plugin fails.
    """
    with plugin_errors(f"dataset {spec.name}"):
        dataset = load_factory(spec.factory)(folder)
        if not isinstance(dataset, Dataset):
            raise TypeError(f"its factory returns a {type(dataset).__name__}, not a Dataset")
    # A dataset that is known by its path.
    if spec.folder is not None and dataset.name != spec.name and (place := Path(spec.source)).exists():
        remember_place(dataset.name, place)
    return dataset


def _check_kind(targets: Targets, spec: TaskSpec) -> None:
    forms = {"i": ("class", *SEARCHED), "b": ("labels",), "f": ("number",)}
    if form_of(spec.target) not in forms.get(targets.train.labels.dtype.kind, ()):
        raise TypeError(f"its labels are {targets.train.labels.dtype}, which is not what a {spec.target} task has")


def _open_task(
    spec: TaskSpec,
    dataset: Dataset,
    plugins: Mapping[str, str],
    *,
    allow_partial: bool,
    exclusions: Exclusions,
    reporter: Reporter,
) -> OpenTask:
    with plugin_errors(f"task {spec.name}"):
        targets, excluded = exclusions.apply(load_factory(spec.factory)(dataset), dataset)
        _check_kind(targets, spec)
        if (check := target_named(spec.target).check) is not None:
            for asked in targets.rounds:
                load_factory(check)(asked)
        form = form_of(spec.target)
        check_targets(targets, dataset, task=spec.name, form=form, allow_partial=allow_partial, reporter=reporter)
        check_groups(spec, targets)
        check_metrics(spec, classes=len(targets.classes))
        _check_classes(targets, task=spec.name)
        if any(excluded.values()):
            reporter.notice(
                f"{spec.name}: {excluded['train']:,} images left out of train and {excluded['test']:,} out of test, "
                "as --exclude says: these results are on a leaderboard of their own"
            )
        return OpenTask(
            spec=spec,
            dataset=dataset,
            targets=targets,
            listing=targets.fingerprint(dataset),
            partial=is_partial(targets),
            excluded=excluded,
            exclusions_sha256=exclusions.sha256,
            plugins=plugins,
        )


@dataclass(frozen=True, kw_only=True)
class DatasetWithTasks:
    """A dataset on disk with all its tasks, by name.

    Attributes:
        targets: Targets of each task that can be read.
        unreadable: Why each other task can't be read.
    """

    spec: DatasetSpec
    dataset: Dataset
    tasks: Mapping[str, TaskSpec]
    targets: Mapping[str, Targets]
    unreadable: Mapping[str, str]


def open_datasets_with_tasks(
    names: Sequence[str], *, registry: Registry, paths: DatasetPaths, reporter: Reporter
) -> list[DatasetWithTasks]:
    """Open each dataset once, with all its tasks; a task that can't be read does not stop the others.

    Raises:
        UsageError: A dataset is unknown, or has no folder.
        ArtbenchError: A dataset is not as it should be.
    """
    specs = {spec.name: spec for spec in [registry.datasets.get(name) for name in (*names, *paths.by_name)]}
    return [
        _opened(spec, paths.folder(spec, reporter=reporter), registry)
        for spec in [specs[registry.datasets.get(name).name] for name in dict.fromkeys(names)]
    ]


def _opened(spec: DatasetSpec, folder: Path, registry: Registry) -> DatasetWithTasks:
    dataset = open_dataset(spec, folder)
    tasks = {task.name: task for task in _tasks_of(spec, registry)}
    targets: dict[str, Targets] = {}
    unreadable: dict[str, str] = {}
    for name, task in tasks.items():
        try:
            with plugin_errors(f"task {name}"):
                read = load_factory(task.factory)(dataset)
                form = form_of(task.target)
                check_targets(read, dataset, task=name, form=form, allow_partial=True, reporter=Silent())
                targets[name] = read
        except ArtbenchError as error:
            unreadable[name] = str(error)
    return DatasetWithTasks(spec=spec, dataset=dataset, tasks=tasks, targets=targets, unreadable=unreadable)


def _tasks_of(dataset: DatasetSpec, registry: Registry) -> Iterator[TaskSpec]:
    yield from (spec for _, spec in registry.tasks.specs() if spec.dataset == dataset.name)
    if dataset.training is not None:  # The name of a dataset without labels stands for no task.
        return
    # The tasks of a collection, whose own name stands for them all.
    for _, family in registry.tasks.families():
        found = [load_factory(family.resolve)(name) for name in registry.tasks.expand(dataset.name)]
        yield from (spec for spec in found if spec is not None)
