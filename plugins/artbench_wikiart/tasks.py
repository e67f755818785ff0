"""The tasks of WikiArt: labels and splits from the published lists, whose `val` is what results are reported on."""

from collections.abc import Iterable

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench_wikiart.layout import MEND
from artbench_wikiart.lists import Row, TaskLists
from artbench_wikiart.painters import painter_of


def style_targets(dataset: Dataset) -> Targets:
    """27 styles; 57,025 pictures to train on, 24,421 to test on.

    Raises:
        ArtbenchError: The lists of the task are not there.
    """
    return _targets(dataset, "style")


def artist_targets(dataset: Dataset) -> Targets:
    """23 painters; 13,346 pictures to train on, 5,706 to test on.

    Raises:
        ArtbenchError: The lists of the task are not there.
    """
    return _targets(dataset, "artist")


def genre_targets(dataset: Dataset) -> Targets:
    """10 genres; 45,503 pictures to train on, 19,492 to test on, one of them listed twice with two labels.

    Raises:
        ArtbenchError: The lists of the task are not there.
    """
    return _targets(dataset, "genre")


def _targets(dataset: Dataset, task: str) -> Targets:
    lists = task_lists(dataset, task)
    # The protocol takes validation from train: there is no third list, and val is used once, as the test.
    return Targets(
        classes=lists.classes,
        train=listed_split(lists.train, dataset),
        test=listed_split(lists.val, dataset),
        missing=missing_paths(dataset, lists.train, lists.val),
        # Who guesses the painter's commonest label comes far; of the task that asks for the painter that is the label.
        groups=None if task == "artist" else [painter_of(path) for path in dataset.ids],
    )


def task_lists(dataset: Dataset, task: str) -> TaskLists:
    """The lists of a task.

    Raises:
        ArtbenchError: They are not there.
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
    """The listed pictures that are there, with their labels."""
    there = [row for row in listed if row.path in dataset.rows]
    return Split(
        rows=np.array([dataset.rows[row.path] for row in there], np.int64),
        labels=np.array([row.label for row in there], np.int64),
    )


def missing_paths(dataset: Dataset, *lists: Iterable[Row]) -> list[str]:
    """The listed pictures that are not there."""
    return [row.path for listed in lists for row in listed if row.path not in dataset.rows]
