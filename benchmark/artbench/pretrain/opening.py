"""Opening by name what a training needs: the pool of its datasets' images, and the task for kNN."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.folders import DatasetPaths, made_folder
from artbench.data.opening import OpenTask, open_dataset, open_tasks
from artbench.data.pool import LabelledDataset, Pool, train_images
from artbench.errors import ArtbenchError, UsageError, plugin_errors
from artbench.plugins.known import form_of
from artbench.plugins.registry import Registry
from artbench.pretrain.online_knn import OnlineKnn
from artbench.runtime.progress import Reporter
from artbench.specs import DatasetSpec, load_factory

# A part of a dataset is as good to train on; the manifest says which part.
_open = partial(open_tasks, allow_partial=True)


@dataclass(frozen=True, kw_only=True)
class OpenPool:
    """A pool opened by the names of its datasets.

    Attributes:
        pool: The pool.
        plugins: Version of each distribution that provides its datasets and their tasks.
        asked: Folder of each dataset by its name, as in `Training`.
    """

    pool: Pool
    plugins: Mapping[str, str]
    asked: Mapping[str, str]


def open_pool(datasets: Sequence[str], *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> OpenPool:
    """Pool the training images of some datasets, without the validation and test images of any of their tasks.

    For a dataset without labels, its plugin says which images are for training.

    Raises:
        UsageError: A dataset is unknown, its folder is unknown, or it has labels but no task.
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
        compared = [task for task in tasks if form_of(registry.tasks.get(task).target) == "neighbours"]
        fitted = [task for task in tasks if task not in compared]
        opened = _flat(_open(fitted, registry=registry, paths=paths, reporter=reporter))
        for task_name in compared:
            # What a small copy has too few images to compare is measured on none of them.
            with suppress(ArtbenchError):
                opened += _flat(_open([task_name], registry=registry, paths=paths, reporter=reporter))
        for task in opened:
            plugins |= task.plugins
        targets = {task.spec.name: task.targets for task in opened}
        dataset = opened[0].dataset if opened else open_dataset(spec, paths.folder(spec, reporter=reporter))
        asked[name] = _stated_folder(spec, dataset)
        rows = _unlabelled_rows(spec, dataset, reporter)
        labelled.append(LabelledDataset(dataset=dataset, targets=targets, training=rows))
    return OpenPool(pool=train_images(labelled), plugins=plugins, asked=asked)


def _flat(found: Sequence[Sequence[OpenTask]]) -> list[OpenTask]:
    return [task for together in found for task in together]


def _tasks_on(spec: DatasetSpec, asked: str, registry: Registry) -> list[str]:
    """Names of all tasks on a dataset: those registered for it, and those that its own name stands for."""
    registered = [task.name for _, task in registry.tasks.specs() if task.dataset == asked]
    if spec.training is not None:
        return registered
    return registered + [name for name in registry.tasks.expand(asked) if name != asked]


def _stated_folder(spec: DatasetSpec, dataset: Dataset) -> str:
    """The folder of a dataset; empty if its name implies the folder, or code has made it."""
    made = spec.prepare is not None and dataset.root == made_folder(spec)
    return "" if made or spec.folder is not None else str(dataset.root.absolute())


def _unlabelled_rows(spec: DatasetSpec, dataset: Dataset, reporter: Reporter) -> NDArray[np.int64]:
    """The rows of a dataset without labels that train, as its plugin says; none of a dataset with labels."""
    if spec.training is None:
        return np.empty(0, np.int64)
    with plugin_errors(f"dataset {spec.name}"):
        rows = np.unique(np.asarray(load_factory(spec.training)(dataset), np.int64))
        if len(rows) and (rows[0] < 0 or rows[-1] >= len(dataset)):
            raise IndexError(f"it trains on rows from {rows[0]} to {rows[-1]}, and has {len(dataset)}")
    every = f"all {len(dataset):,} images train, and none is kept apart for testing."
    some = f"the {len(rows):,} of its {len(dataset):,} images train that are there for it."
    reporter.notice(f"{spec.name} has no labels: {every if len(rows) == len(dataset) else some}")
    return rows


def open_online_task(name: str, *, registry: Registry, paths: DatasetPaths, reporter: Reporter) -> OnlineKnn:
    """Open the task on which kNN measures the features during a training.

    Raises:
        UsageError: The task is unknown, or not a single-label task.
        ArtbenchError: As `open_pool` does.
    """
    spec = registry.tasks.get(name)
    if form_of(spec.target) != "class":
        raise UsageError(f"{name} is a {spec.target} task", mend="kNN during training takes a single-label one")
    ((task,),) = _open([name], registry=registry, paths=paths, reporter=reporter)
    return OnlineKnn(name=name, dataset=task.dataset, targets=task.targets, target=spec.target)
