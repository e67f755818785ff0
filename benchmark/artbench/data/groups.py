"""Whole groups, such as painters, of tasks about unseen ones: held out to choose the penalty, resampled together."""

from collections.abc import Sequence

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench.plugins.known import is_searched
from artbench.runtime.text import counted, printable
from artbench.specs import TaskSpec

_SHOWN = 3


def check_groups(spec: TaskSpec, targets: Targets) -> None:
    """Raise unless a task that is clustered has groups, none of which is both fitted and tested on.

    Queries of a search are counted together by group, and the index may hold the same: nothing is fitted on it.

    Raises:
        ArtbenchError: There are no groups, or some are on both sides.
    """
    if not spec.clustered:
        return
    if targets.groups is None:
        raise ArtbenchError(
            f"task {spec.name} is clustered, and its targets have no groups", mend="Give groups, or leave clustered out"
        )
    if is_searched(spec.target):
        return
    for round_ in targets.rounds:
        tested = set(targets.groups_of(round_.test) or ()) - {""}
        for name, split in round_.splits:
            both = sorted(tested.intersection(targets.groups_of(split) or ()))
            if name != "test" and both:
                shown = ", ".join(map(printable, both[:_SHOWN])) + (", …" if len(both) > _SHOWN else "")
                shared = f"{counted(len(both), 'group')} in {name} and in test"
                mend = "Keep each group on one side (`artbench.data.authoring.grouped_folds`), or leave clustered out"
                raise ArtbenchError(f"task {spec.name} is clustered, with {shared}: {shown}", mend=mend)


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


def cluster_numbers(task: Targets, splits: Sequence[Split]) -> list[list[int]]:
    """Return the number of the cluster of each image of each split: its group, or the image itself if that is unknown.

    They are numbered from 0 in order of appearance over all splits. Records keep these numbers, so that whoever has a
    record resamples the clusters as they were resampled here.
    """
    numbers: dict[str, int] = {}

    def of(split: Split) -> list[int]:
        groups = task.groups_of(split) or [""] * len(split)
        # No name of a group begins with NUL.
        names = [group or f"\0{row}" for group, row in zip(groups, split.rows.tolist(), strict=True)]
        return [numbers.setdefault(name, len(numbers)) for name in names]

    return [of(split) for split in splits]


def together(*splits: Split) -> Split:
    """Return the images of several splits as one."""
    return Split(
        rows=np.concatenate([split.rows for split in splits]), labels=np.concatenate([split.labels for split in splits])
    )
