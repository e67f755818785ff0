"""Opens by name what a training needs: the pool of its datasets' images, and the task that kNN measures it on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths, made_folder
from artbench.data.opening import OpenTask, open_dataset, open_tasks
from artbench.data.pool import LabelledDataset, Pool, train_images
from artbench.errors import UsageError, plugin_errors
from artbench.plugins.registry import Registry
from artbench.pretrain.online_knn import OnlineKnn
from artbench.runtime.progress import Reporter
from artbench.specs import DatasetSpec, load_factory


@dataclass(frozen=True, kw_only=True)
class OpenPool:
    """A pool from the names of its datasets.

    Attributes:
        pool: The pool.
        plugins: Version of each distribution that provides its datasets and their tasks.
        asked: See `Training`.
    """

    pool: Pool
    plugins: Mapping[str, str]
    asked: Mapping[str, str]


def open_pool(datasets: Sequence[str], *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> OpenPool:
    """Pool the training images of some datasets, less those that a task of theirs chooses or reports on.

    The plugin of a dataset without labels says which of its images train.

    Raises:
        UsageError: A dataset is unknown, has labels but no task (so that nothing says what trains), or nothing says
            where it is.
        ArtbenchError: A dataset is not what it should be, or no image is left.
    """
    labelled: list[LabelledDataset] = []
    plugins: dict[str, str] = {}
    asked: dict[str, str] = {}
    for name in dict.fromkeys(datasets):
        owner, spec = registry.datasets.find(name)
        plugins[owner.distribution] = registry.version_of(owner)
        tasks = _tasks_on(spec, name, registry)
        if not tasks and spec.training is None:
            raise UsageError(
                f"no task is registered for {name}, so nothing says which of its images are for training",
                mend="Name another dataset: `artbench list tasks` shows which have tasks",
            )
        opened = [task for found in _open(tasks, registry=registry, paths=paths, reporter=reporter) for task in found]
        for task in opened:
            plugins.update(task.plugins)
        targets = {task.spec.name: task.targets for task in opened}
        dataset = opened[0].dataset if opened else _open_without_tasks(spec, paths, reporter)
        asked[name] = _stated_folder(spec, dataset)
        if spec.training is None:
            labelled.append(LabelledDataset(dataset=dataset, targets=targets))
        else:
            rows = _training_rows(spec, dataset)
            labelled.append(LabelledDataset(dataset=dataset, targets=targets, training=rows))
            reporter.notice(_notice_on_unlabelled(spec, len(rows), len(dataset)))
    return OpenPool(pool=train_images(labelled), plugins=plugins, asked=asked)


def _tasks_on(spec: DatasetSpec, asked: str, registry: Registry) -> list[str]:
    """All tasks on a dataset: those registered for it, and those that its own name stands for."""
    registered = [task.name for _, task in registry.tasks.specs() if task.dataset == asked]
    if spec.training is not None:
        return registered
    return registered + [name for name in registry.tasks.expand(asked) if name != asked]


def _open_without_tasks(spec: DatasetSpec, paths: DatasetPaths, reporter: Reporter) -> Dataset:
    folder = paths.folder(spec, reporter=reporter)
    return open_dataset(spec, folder)


def _stated_folder(spec: DatasetSpec, dataset: Dataset) -> str:
    """The folder of a dataset; empty where its name says it, or it was made by code."""
    made = spec.prepare is not None and dataset.root == made_folder(spec)
    return "" if made or spec.folder is not None else str(dataset.root.absolute())


def _training_rows(spec: DatasetSpec, dataset: Dataset) -> NDArray[np.int64]:
    """The rows of a dataset without labels that train, as its plugin says."""
    assert spec.training is not None
    with plugin_errors(f"dataset {spec.name}"):
        rows = np.unique(np.asarray(load_factory(spec.training)(dataset), np.int64))
        if len(rows) and (rows[0] < 0 or rows[-1] >= len(dataset)):
            raise IndexError(f"it trains on rows from {rows[0]} to {rows[-1]}, and has {len(dataset)}")
    return rows


def _notice_on_unlabelled(spec: DatasetSpec, training: int, images: int) -> str:
    if training == images:
        return f"{spec.name} has no labels: all {images:,} images train, and none is kept apart for testing."
    return f"{spec.name} has no labels: the {training:,} of its {images:,} images train that are there for it."


def open_online_task(name: str, *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> OnlineKnn:
    """Open the task on which kNN measures the features during a training.

    Raises:
        UsageError: The task is unknown, or not a single-label task.
        ArtbenchError: As `open_pool` does.
    """
    spec = registry.tasks.get(name)
    if spec.target != "single-label":
        raise UsageError(f"{name} is a {spec.target} task", mend="kNN during training takes a single-label one")
    ((task,),) = _open([name], registry=registry, paths=paths, reporter=reporter)
    return OnlineKnn(name=name, dataset=task.dataset, targets=task.targets)


def _open(tasks: Sequence[str], *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> list[list[OpenTask]]:
    return open_tasks(
        tasks,
        registry=registry,
        paths=paths,
        # A part of a dataset is as good to train on; the manifest says which part.
        allow_partial=True,
        reporter=reporter,
    )
