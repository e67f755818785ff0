"""What is there of a dataset, what is missing, what can't be decoded, and how its classes are spread."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.audit.image_index import ImageIndex
from artbench.data.checks import is_partial
from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.specs import DatasetSpec, Published, TaskSpec


@dataclass(frozen=True, kw_only=True)
class TaskCheck:
    """The state of one task.

    Attributes:
        name: Of the task.
        problem: Why it can't be run; None if it can.
        rows: Pictures of each split.
        published: What its publication says of splits and `classes`, where it says something.
        classes: Number of classes or labels; 0 for years.
        missing: Pictures that the lists name and that are not there.
        partial: Whether that is more than a comparable result allows.
        largest: Pictures of the largest class, over all splits; None for years.
        smallest: Pictures of the smallest class that has any; None for years.
        untrained: Classes that no picture trains.
    """

    name: str
    problem: str | None = None
    rows: Mapping[str, int]
    published: Mapping[str, int]
    classes: int = 0
    missing: int = 0
    partial: bool = False
    largest: int | None = None
    smallest: int | None = None
    untrained: int = 0

    @property
    def imbalance(self) -> float | None:
        """How many times the smallest class goes into the largest."""
        return None if not self.largest or not self.smallest else self.largest / self.smallest

    @property
    def as_published(self) -> bool | None:
        """Whether classes and splits are as large as published; None if nothing is published."""
        here = {**self.rows, "classes": self.classes}
        return all(here.get(name) == count for name, count in self.published.items()) if self.published else None


@dataclass(frozen=True, kw_only=True)
class DatasetCheck:
    """The state of a dataset.

    Attributes:
        dataset: Its name.
        root: Its folder.
        fingerprint: Of its pictures; None if some are gone since the lists were read.
        pictures: How many were found.
        published: How many the whole release has, None if nobody has said.
        undecodable: Why pictures can't be decoded, by their ids.
        repeated: Pictures whose bytes another picture has too.
        tasks: Its tasks.
    """

    dataset: str
    root: str
    fingerprint: str | None
    pictures: int
    published: int | None
    undecodable: Mapping[str, str]
    repeated: int
    tasks: tuple[TaskCheck, ...]

    @property
    def sound(self) -> bool:
        """Whether every task can be run, nothing is missing and every picture can be decoded."""
        return not self.undecodable and not any(task.problem or task.missing for task in self.tasks)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        tasks = [
            {
                "name": task.name,
                "problem": task.problem,
                "rows": dict(task.rows),
                "published": dict(task.published),
                "as_published": task.as_published,
                "classes": task.classes,
                "missing": task.missing,
                "partial": task.partial,
                "largest_class": task.largest,
                "smallest_class": task.smallest,
                "untrained_classes": task.untrained,
            }
            for task in self.tasks
        ]
        return {
            "name": self.dataset,
            "root": self.root,
            "fingerprint": self.fingerprint,
            "pictures": self.pictures,
            "published": self.published,
            "undecodable": dict(self.undecodable),
            "repeated": self.repeated,
            "sound": self.sound,
            "tasks": tasks,
        }


def check_images(
    spec: DatasetSpec,
    survey: ImageIndex,
    tasks: Mapping[str, TaskSpec],
    targets: Mapping[str, Targets],
    closed: Mapping[str, str],
) -> DatasetCheck:
    """Sum up a survey and the tasks of its dataset.

    Args:
        spec: Of the dataset.
        survey: Of its pictures.
        tasks: Of the dataset, by name.
        targets: Of each task that can be read.
        closed: Of each other task, why it can't be.
    """
    digests = np.array([digest for digest in survey.digests if digest], "S32")
    _, counts = np.unique(digests, return_counts=True)
    return DatasetCheck(
        dataset=spec.name,
        root=str(survey.dataset.root),
        fingerprint=_fingerprint(survey.dataset),
        pictures=len(survey.dataset),
        published=spec.pictures,
        undecodable={survey.dataset.ids[row]: reason for row, reason in sorted(survey.problems.items())},
        repeated=int(counts[counts > 1].sum()),
        tasks=tuple(
            _read(task, targets[name])
            if name in targets
            else TaskCheck(name=name, problem=closed[name], rows={}, published=_published(task.published))
            for name, task in tasks.items()
        ),
    )


def _read(task: TaskSpec, targets: Targets) -> TaskCheck:
    spread = {name: _spread(split, len(targets.classes)) for name, split in targets.splits}
    counts = np.sum(list(spread.values()), axis=0) if targets.classes else np.empty(0, np.int64)
    present = counts[counts > 0]
    return TaskCheck(
        name=task.name,
        rows={name: len(split) for name, split in targets.splits},
        published=_published(task.published),
        classes=len(targets.classes),
        missing=len(targets.missing),
        partial=is_partial(targets),
        largest=int(present.max()) if len(present) else None,
        smallest=int(present.min()) if len(present) else None,
        untrained=int((spread["train"] == 0).sum()) if targets.classes else 0,
    )


def _spread(split: Split, classes: int) -> NDArray[np.int64]:
    """Pictures of each class."""
    labels = split.labels
    if labels.dtype == np.bool_:
        return np.asarray(labels.sum(axis=0), np.int64)
    return np.bincount(labels.astype(np.int64), minlength=classes) if classes else np.empty(0, np.int64)


def _published(published: Published | None) -> dict[str, int]:
    if published is None:
        return {}
    stated = {
        "classes": published.classes,
        "train": published.train,
        "validation": published.validation,
        "test": published.test,
    }
    return {name: count for name, count in stated.items() if count is not None}


def _fingerprint(dataset: Dataset) -> str | None:
    try:
        return dataset.fingerprint
    except OSError:
        return None
