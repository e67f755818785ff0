"""The images of each round of a task: what can be read of its splits, and what each fit sees of them."""

from collections.abc import Iterator, Sequence

import numpy as np

from artbench.data.dataset import Dataset
from artbench.data.groups import grouped_parts, known_groups, together
from artbench.data.opening import OpenTask
from artbench.data.splits import draw_shots
from artbench.data.targets import Split, Targets
from artbench.features.extract import Features
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.width import check_width
from artbench.protocol import Protocol


def readable(task: OpenTask, features: Features) -> tuple[Targets, ...]:
    """Return the targets of each round of splits, without images that could not be read."""

    def part(split: Split) -> Split:
        return split.only(~np.isin(split.rows, list(features.unreadable))) if features.unreadable else split

    return tuple(
        Targets(
            classes=targets.classes,
            train=part(targets.train),
            validation=None if targets.validation is None else part(targets.validation),
            test=part(targets.test),
        )
        for targets in task.targets.rounds
    )


def learnt(task: OpenTask, features: Features) -> tuple[Split, LabelledFeatures, Sequence[str]]:
    """Return what the first round learns from, train and validation as one.

    Returns:
        The images, their features, and the group of each that no two folds may share: the image itself, unless the
        task counts groups.
    """
    images = together(*(split for name, split in readable(task, features)[0].splits if name != "test"))
    ids = ids_of(images, task.dataset)
    groups = known_groups(task.targets, images, task.dataset) if task.spec.clustered else ids
    return images, LabelledFeatures(rows=Rows(features.matrix, images.rows), labels=images.labels, ids=ids), groups


def fitted_splits(targets: Targets, task: OpenTask, protocol: Protocol) -> Iterator[tuple[Split, Split | None]]:
    """Yield the images of train and validation of each fit of a round: one fit, or one for each draw of a few images.

    Args:
        targets: Targets of the round, without images that could not be read.
        task: The task.
        protocol: On how many images to fit.
    """
    train, few = targets.train, protocol.few_shot
    if few is None:
        grouped = protocol.probe.groups is not None and task.spec.clustered
        yield grouped_parts(task.targets, targets, task.dataset) if grouped else (train, targets.validation)
        return
    ids = ids_of(train, task.dataset)
    for draw in range(few.draws):
        taken = draw_shots(train.labels.astype(np.int64), ids, shots=few.shots, draw=draw, seed=few.seed)
        yield Split(rows=train.rows[taken], labels=train.labels[taken]), None


def check_images(task: OpenTask, protocol: Protocol) -> None:
    """Raise an ArtbenchError if a round has too few training images for the protocol's width; no image is read."""
    if protocol.width is None:
        return
    for targets in task.targets.rounds:
        train, few = targets.train, protocol.few_shot
        if few is not None:
            _, counts = np.unique(train.labels, return_counts=True)
            check_width(protocol.width, images=int(np.minimum(counts, few.shots).sum()))
            continue
        if protocol.probe.groups is not None and task.spec.clustered:
            train, _ = grouped_parts(task.targets, targets, task.dataset)
        check_width(protocol.width, images=len(train))


def ids_of(split: Split, dataset: Dataset) -> list[str]:
    """Return the ids of a split's images."""
    return [dataset.ids[row] for row in split.rows.tolist()]
