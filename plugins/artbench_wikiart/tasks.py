"""The tasks of WikiArt: labels and splits from the published lists, whose `val` is what results are reported on."""

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench_wikiart.layout import MEND
from artbench_wikiart.lists import Row, TaskLists


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
    lists = dataset.tables.get(task)
    if not isinstance(lists, TaskLists):
        raise ArtbenchError(
            f"wikiart: no lists of the task {task} ({task}_train.csv, …) in {dataset.root}, only of "
            + ", ".join(sorted(dataset.tables)),
            mend=MEND,
        )
    # The protocol takes validation from train: there is no third list, and val is used once, as the test.
    return Targets(
        classes=lists.classes,
        train=_split(lists.train, dataset),
        test=_split(lists.val, dataset),
        missing=[row.path for row in (*lists.train, *lists.val) if row.path not in dataset.rows],
    )


def _split(listed: tuple[Row, ...], dataset: Dataset) -> Split:
    there = [row for row in listed if row.path in dataset.rows]
    return Split(
        rows=np.array([dataset.rows[row.path] for row in there], np.int64),
        labels=np.array([row.label for row in there], np.int64),
    )
