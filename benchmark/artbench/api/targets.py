"""`artbench.targets`: what a task asks of which images, for scripts of one's own."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from artbench.api.common import LoggingReporter, PathLike, dataset_paths, loaded
from artbench.data.opening import open_tasks
from artbench.data.targets import Labels
from artbench.errors import UsageError
from artbench.runtime.progress import Reporter


class TaskTargets(NamedTuple):
    """What a task asks: the images of all splits, one after the other, with their labels.

    Attributes:
        ids: Id of each image; one that a published list names twice is there twice.
        labels: Labels of the images, in their order, as `artbench.data.Split.labels`: class numbers, int64, shape (n,);
            labels, bool, shape (n, classes); or numbers such as years, float64, shape (n,).
        splits: Split of each image, shape (n,): `train`, `validation` or `test`.
        groups: Group of each image, such as its painter, "" if unknown; None for a task without groups.
        classes: Name of each class or label, in the order of their numbers; empty for years.
        rounds: Number of rounds of the task, each with splits of its own.
    """

    ids: tuple[str, ...]
    labels: Labels
    splits: NDArray[np.str_]
    groups: tuple[str, ...] | None
    classes: tuple[str, ...]
    rounds: int

    def __repr__(self) -> str:
        names, counts = np.unique(self.splits, return_counts=True)
        of = ", ".join(f"{count:,} {name}" for name, count in zip(names, counts, strict=True))
        return f"TaskTargets({len(self.ids):,} images: {of}; {len(self.classes):,} classes)"


def targets(
    *,
    task: str,
    round: int = 0,  # noqa: A002
    data_root: PathLike | None = None,
    data: Mapping[str, PathLike] | None = None,
    allow_partial: bool = False,
    plugins: Sequence[PathLike] = (),
    reporter: Reporter | None = None,
) -> TaskTargets:
    """Return ids, labels, splits, groups and classes of a task. No image is opened.

    Their ids are those of `artbench.features` for the same task, which leaves out images that can't be read.

    Args:
        task: The task: `wikiart-artist`.
        round: Which of the task's rounds, for one whose result is the mean over several.
        data_root: As for `artbench.run`.
        data: As for `artbench.run`.
        allow_partial: Return them although more than 1 % of the task's images are missing.
        plugins: Python files with plugins, in addition to those that are installed.
        reporter: As for `artbench.run`.

    Raises:
        UsageError: The task is unknown, its name stands for several, it has no such round, or no folder is given for
            its dataset.
        ArtbenchError: The data is not what it should be.

    Examples:
        >>> import artbench
        >>> found = artbench.targets(task="sample-style")
        >>> str(found.splits[0]), len(found.ids) == len(found.labels) == len(found.splits)
        ('train', True)
    """
    reporter = reporter or LoggingReporter()
    registry = loaded(plugins, reporter)
    names = registry.tasks.expand(task)
    if len(names) != 1:
        raise UsageError(f"{task} stands for {len(names)} tasks", mend=f"Name one of them: {', '.join(names[:5])}")
    ((opened,),) = open_tasks(
        names, registry=registry, paths=dataset_paths(data_root, data), allow_partial=allow_partial, reporter=reporter
    )
    every = opened.targets.rounds
    if not 0 <= round < len(every):
        raise UsageError(f"{task} has no round {round}", mend=f"Give one from 0 to {len(every) - 1}")
    parts = every[round].splits
    rows = np.concatenate([split.rows for _, split in parts]).tolist()
    known = opened.targets.groups
    return TaskTargets(
        ids=tuple(opened.dataset.ids[row] for row in rows),
        labels=np.concatenate([split.labels for _, split in parts]),
        splits=np.repeat([name for name, _ in parts], [len(split) for _, split in parts]),
        groups=None if known is None else tuple(str(known[row]) for row in rows),
        classes=opened.targets.classes,
        rounds=len(every),
    )
