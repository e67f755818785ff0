"""Which whole groups, such as painters, are held out while the penalty of a task about unseen groups is chosen."""

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets


def known_groups(task: Targets, split: Split, dataset: Dataset) -> list[str]:
    """Return the group of each image of a split; an image of an unknown group is a group of its own."""
    ids = [dataset.ids[row] for row in split.rows.tolist()]
    # No name of a group begins with NUL.
    return [group or f"\0{id_}" for group, id_ in zip(task.groups_of(split) or [""] * len(ids), ids, strict=True)]


def grouped_parts(task: Targets, round_: Targets, dataset: Dataset) -> tuple[Split, Split | None]:
    """Return train and validation of a round: a validation split that shares a group with train is a part of train.

    Args:
        task: Targets of the task, which know the groups.
        round_: These, or one of their repeats.
        dataset: The dataset.
    """
    train, validation = round_.train, round_.validation
    if validation is None:
        return train, None
    if set(known_groups(task, train, dataset)).isdisjoint(known_groups(task, validation, dataset)):
        return train, validation
    return together(train, validation), None


def held_groups(task: Targets, round_: Targets, dataset: Dataset) -> int:
    """Return the number of groups that are held out in a round."""
    train, validation = grouped_parts(task, round_, dataset)
    return len(set(known_groups(task, train if validation is None else validation, dataset)))


def together(*splits: Split) -> Split:
    """Return the images of several splits as one."""
    return Split(
        rows=np.concatenate([split.rows for split in splits]), labels=np.concatenate([split.labels for split in splits])
    )
