"""The state of a dataset on disk: missing and undecodable images, sizes of splits and classes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.audit.image_index import ImageIndex, index_images
from artbench.data.checks import is_partial
from artbench.data.folders import DatasetPaths
from artbench.data.opening import open_datasets_with_tasks
from artbench.data.targets import Split, Targets
from artbench.plugins.known import is_searched
from artbench.plugins.registry import Registry
from artbench.runtime.files import cache_folder
from artbench.runtime.progress import Reporter
from artbench.runtime.text import near_equal
from artbench.specs import DatasetSpec, Published, TaskSpec


@dataclass(frozen=True, kw_only=True)
class TaskCheck:
    """The state of one task.

    Attributes:
        problem: Why it can't be run; None if it can.
        rows: Number of images in each split.
        published: Published sizes of the splits and number of `classes`, as far as they are stated.
        classes: Number of classes or labels; 0 for years.
        missing: Number of listed images that are not on disk.
        missing_images: Their paths.
        missing_by_split: Number of them in each split, where that is known.
        partial: Whether more are missing than a comparable result allows.
        largest_class: Images of the largest class, over all splits; None for years.
        smallest_class: Images of the smallest class that has any; None for years.
        untrained_classes: Number of classes without a training image.
        class_sizes: Images of each class, over all splits, the largest class first; empty for years.
        near_equal_classes: Classes whose names differ in case, accents, spaces or punctuation only, the largest first.
    """

    name: str
    problem: str | None = None
    rows: Mapping[str, int]
    published: Mapping[str, int]
    classes: int = 0
    missing: int = 0
    missing_images: tuple[str, ...] = ()
    missing_by_split: Mapping[str, int] = field(default_factory=dict)
    partial: bool = False
    largest_class: int | None = None
    smallest_class: int | None = None
    untrained_classes: int = 0
    class_sizes: Mapping[str, int] = field(default_factory=dict)
    near_equal_classes: tuple[tuple[str, ...], ...] = ()

    @property
    def imbalance(self) -> float | None:
        """Size of the largest class over that of the smallest."""
        return self.largest_class / self.smallest_class if self.largest_class and self.smallest_class else None

    @property
    def as_published(self) -> bool | None:
        """Whether classes and splits are as large as published; None if nothing is published."""
        here = {**self.rows, "classes": self.classes}
        return all(here.get(name) == count for name, count in self.published.items()) if self.published else None


@dataclass(frozen=True, kw_only=True)
class DatasetCheck:
    """The state of a dataset.

    Attributes:
        fingerprint: Fingerprint of its images; None if some are gone since the lists were read.
        pictures: Number of images found.
        published: Number of images in the whole release, None if that is not stated.
        undecodable: Why images can't be decoded, by id.
        repeated: Number of images whose bytes another image has too.
        remarks: What its owner should know (`DatasetSpec.remarks`, `Dataset.notes`).
    """

    name: str
    root: str
    fingerprint: str | None
    pictures: int
    published: int | None
    undecodable: Mapping[str, str]
    repeated: int
    tasks: tuple[TaskCheck, ...]
    remarks: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether every task can be run, nothing is missing and every image can be decoded."""
        return not self.undecodable and not any(task.problem or task.missing for task in self.tasks)

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        tasks = [asdict(task) | {"as_published": task.as_published} for task in self.tasks]
        return asdict(self) | {"sound": self.sound, "tasks": tasks}


def check_datasets(
    names: Sequence[str], *, registry: Registry, paths: DatasetPaths, reporter: Reporter
) -> list[DatasetCheck]:
    """Decode every image of some datasets, unless its file is as it was the last time, and sum up their tasks.

    Raises:
        UsageError: A name is unknown, or a dataset has no folder.
        ArtbenchError: A dataset is not as it should be.
    """
    cache = cache_folder() / "surveys"
    found = []
    for one in open_datasets_with_tasks(names, registry=registry, paths=paths, reporter=reporter):
        index = index_images(one.dataset, cache=cache, reporter=reporter)
        found.append(check_images(one.spec, index, one.tasks, one.targets, one.unreadable))
    return found


def check_images(
    spec: DatasetSpec,
    index: ImageIndex,
    tasks: Mapping[str, TaskSpec],
    targets: Mapping[str, Targets],
    unreadable: Mapping[str, str],
) -> DatasetCheck:
    """Sum up the images and the tasks of a dataset.

    Args:
        spec: The dataset.
        index: Index of its images.
        tasks: All its tasks, by name.
        targets: Targets of each task that can be read.
        unreadable: Why each other task can't be read.
    """
    counts = Counter(digest for digest in index.digests if digest).values()
    try:
        fingerprint = index.dataset.fingerprint
    except OSError:
        fingerprint = None
    return DatasetCheck(
        name=spec.name,
        root=str(index.dataset.root),
        fingerprint=fingerprint,
        pictures=len(index.dataset),
        published=spec.pictures,
        undecodable={index.dataset.ids[row]: reason for row, reason in sorted(index.problems.items())},
        repeated=sum(count for count in counts if count > 1),
        tasks=tuple(
            _check_task(task, targets[name])
            if name in targets
            else TaskCheck(name=name, problem=unreadable[name], rows={}, published=_published(task.published))
            for name, task in tasks.items()
        ),
        remarks=(*spec.remarks, *index.dataset.notes),
    )


def _check_task(task: TaskSpec, targets: Targets) -> TaskCheck:
    sizes = {name: _class_sizes(split, len(targets.classes)) for name, split in targets.splits}
    counted = dict(sizes)
    if is_searched(task.target):  # An image of the index that is a query too counts once.
        counted["test"] = _class_sizes(
            targets.test.only(~np.isin(targets.test.rows, targets.train.rows)), len(targets.classes)
        )
    total = np.sum(list(counted.values()), axis=0) if targets.classes else np.empty(0, np.int64)
    present = total[total > 0]
    classes = {targets.classes[number]: int(total[number]) for number in np.argsort(-total, kind="stable").tolist()}
    return TaskCheck(
        name=task.name,
        rows={name: len(split) for name, split in targets.splits},
        published=_published(task.published),
        classes=len(targets.classes),
        missing=len(targets.missing),
        missing_images=tuple(targets.missing),
        missing_by_split=Counter(filter(None, targets.missing_splits)),
        partial=is_partial(targets),
        largest_class=int(present.max()) if len(present) else None,
        smallest_class=int(present.min()) if len(present) else None,
        untrained_classes=int((sizes["train"] == 0).sum()) if targets.classes else 0,
        class_sizes=classes,
        near_equal_classes=tuple(map(tuple, near_equal(classes))),
    )


def _class_sizes(split: Split, classes: int) -> NDArray[np.int64]:
    if split.labels.dtype == np.bool_:
        return np.asarray(split.labels.sum(axis=0), np.int64)
    # An image that belongs with no other has -1.
    labels = split.labels[split.labels >= 0].astype(np.int64)
    return np.bincount(labels, minlength=classes) if classes else np.empty(0, np.int64)


def _published(published: Published | None) -> dict[str, int]:
    return {} if published is None else {name: n for name, n in asdict(published).items() if n is not None}
