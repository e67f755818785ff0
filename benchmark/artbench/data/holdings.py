"""Datasets opened with all the tasks that there are on them, for a check or an audit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from artbench.data.checks import check_targets
from artbench.data.dataset import Dataset
from artbench.data.folders import dataset_folder
from artbench.data.opening import open_dataset
from artbench.data.targets import Targets
from artbench.errors import ArtbenchError, blaming
from artbench.plugins.loading import Registry
from artbench.runtime.progress import Reporter, Silent
from artbench.specs import DatasetSpec, TaskSpec, load_factory


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A dataset on disk, and what becomes of each task on it.

    Attributes:
        spec: Of the dataset.
        dataset: The dataset.
        tasks: The specs of all its tasks, by name.
        targets: Of each task that can be read.
        closed: Of each other task, why it can't be.
    """

    spec: DatasetSpec
    dataset: Dataset
    tasks: Mapping[str, TaskSpec]
    targets: Mapping[str, Targets]
    closed: Mapping[str, str]


def open_datasets(
    names: Sequence[str],
    *,
    registry: Registry,
    data_root: Path | None,
    placed: Mapping[str, Path],
    reporter: Reporter,
) -> list[Holding]:
    """Open each dataset, once, with all its tasks; a task that can't be read does not keep the others from it.

    Raises:
        UsageError: A dataset is unknown, or nothing says where it lies.
        ArtbenchError: A dataset is not what it should be.
    """
    specs = {spec.name: spec for spec in [registry.datasets.get(name) for name in (*names, *placed)]}
    return [
        _opened(spec, dataset_folder(spec, data_root=data_root, placed=placed, reporter=reporter), registry)
        for spec in [specs[registry.datasets.get(name).name] for name in dict.fromkeys(names)]
    ]


def _opened(spec: DatasetSpec, folder: Path, registry: Registry) -> Holding:
    dataset = open_dataset(spec, folder)
    tasks = {task.name: task for task in _tasks_of(spec, registry)}
    targets: dict[str, Targets] = {}
    closed: dict[str, str] = {}
    for name, task in tasks.items():
        try:
            with blaming(f"task {name}"):
                read = load_factory(task.factory)(dataset)
                check_targets(read, dataset, task=name, allow_partial=True, reporter=Silent())
            targets[name] = read
        except ArtbenchError as error:
            closed[name] = str(error)
    return Holding(spec=spec, dataset=dataset, tasks=tasks, targets=targets, closed=closed)


def _tasks_of(dataset: DatasetSpec, registry: Registry) -> Iterator[TaskSpec]:
    for _, spec in registry.tasks.specs():
        if spec.dataset == dataset.name:
            yield spec
    if dataset.training is not None:
        # Without labels its name stands for no task.
        return
    # Those of a collection, whose own name stands for them all.
    for _, family in registry.tasks.families():
        found = [load_factory(family.resolve)(name) for name in registry.tasks.expand(dataset.name)]
        yield from (spec for spec in found if spec is not None)
