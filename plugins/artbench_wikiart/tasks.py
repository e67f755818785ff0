"""The tasks of WikiArt: labels and splits from the published lists, with their `val` as test."""

from collections.abc import Iterable

import numpy as np

from artbench.data import Dataset, Split, Targets
from artbench.errors import ArtbenchError
from artbench_wikiart.layout import MEND
from artbench_wikiart.lists import Row, TaskLists


def style_targets(dataset: Dataset) -> Targets:
    """Return 27 styles; 57,025 images to train on, 24,421 to test on.

    Raises:
        ArtbenchError: The lists of the task are missing.
    """
    return _targets(dataset, "style")


def artist_targets(dataset: Dataset) -> Targets:
    """Return 23 painters; 13,346 images to train on, 5,706 to test on.

    Raises:
        ArtbenchError: The lists of the task are missing.
    """
    return _targets(dataset, "artist")


def genre_targets(dataset: Dataset) -> Targets:
    """Return 10 genres; 45,503 images to train on, 19,492 to test on, one of them listed twice with two labels.

    Raises:
        ArtbenchError: The lists of the task are missing.
    """
    return _targets(dataset, "genre")


def _targets(dataset: Dataset, task: str) -> Targets:
    lists = task_lists(dataset, task)
    missing, splits = missing_paths(dataset, train=lists.train, test=lists.val)
    # There is no third list: val is the test, used once, and the protocol takes validation from train.
    return Targets(
        classes=lists.classes,
        train=listed_split(lists.train, dataset),
        test=listed_split(lists.val, dataset),
        missing=missing,
        missing_splits=splits,
        # For the baseline that guesses from the painter; in the task `artist` the painter is the label.
        groups=None if task == "artist" else [painter_of(path) for path in dataset.ids],
    )


def task_lists(dataset: Dataset, task: str) -> TaskLists:
    """Return the lists of a task.

    Raises:
        ArtbenchError: They are missing.
    """
    lists = dataset.tables.get(task)
    if not isinstance(lists, TaskLists):
        raise ArtbenchError(
            f"wikiart: no lists of the task {task} ({task}_train.csv, …) in {dataset.root}, only of "
            + ", ".join(sorted(dataset.tables)),
            mend=MEND,
        )
    return lists


def listed_split(listed: Iterable[Row], dataset: Dataset) -> Split:
    """Return the listed images that are there, with their labels."""
    there = [row for row in listed if row.path in dataset.rows]
    return Split(
        rows=np.array([dataset.rows[row.path] for row in there], np.int64),
        labels=np.array([row.label for row in there], np.int64),
    )


def missing_paths(dataset: Dataset, **lists: Iterable[Row]) -> tuple[list[str], list[str]]:
    """Return the paths of listed images that are not there, and the split of each; the lists are given by splits."""
    found = [(row.path, split) for split, listed in lists.items() for row in listed if row.path not in dataset.rows]
    return [path for path, _ in found], [split for _, split in found]


def painter_of(path: str) -> str:
    """Return the painter's name as in file names, the part before the first `_`: `vincent-van-gogh`."""
    return path.rpartition("/")[2].partition("_")[0]
