"""Targets of tasks about groups, such as painters or books, that are not in train."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from artbench.data.authoring.released import listed_targets
from artbench.data.dataset import Dataset
from artbench.data.splits import grouped_folds
from artbench.data.targets import Labels, Targets


def unseen_targets(
    dataset: Dataset,
    *,
    classes: Sequence[str],
    labels: Labels,
    splits: Sequence[str],
    groups: Sequence[str],
    folds: int = 5,
) -> Targets:
    """Make targets of a dataset of `open_listed` in rounds in which no group of the test is in train or validation.

    Groups are put into folds (`grouped_folds`). In each round the images of the list's train and validation in all
    folds but one are fitted, and those of its test in the last are tested. Over the rounds every image of the test is
    tested once, and none of train. An image whose group is not known is in no split.

    Args:
        dataset: The dataset.
        classes: Names of the classes.
        labels: As `Split.labels`, for each listed image.
        splits: `train`, `validation` or `test` of each listed image; anything else for one in none.
        groups: Group of each listed image, empty if unknown.
        folds: Number of rounds.

    Examples:
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from artbench.data.authoring import open_listed, unseen_targets
        >>> Path("books").mkdir()
        >>> names = [f"{number}.png" for number in range(8)]
        >>> sizes = [Path(f"books/{name}").write_bytes(bytes(9)) for name in names]
        >>> dataset = open_listed(Path("books"), names, dataset="books", folders=["."], mend="")
        >>> found = unseen_targets(
        ...     dataset,
        ...     classes=["red", "black"],
        ...     labels=np.arange(8) % 2,
        ...     splits=["train", "train", "test", "test"] * 2,
        ...     groups=["Genji"] * 4 + ["Heike"] * 4,
        ...     folds=2,
        ... )
        >>> [(one.train.rows.tolist(), one.test.rows.tolist()) for one in found.rounds]
        [([0, 1], [6, 7]), ([4, 5], [2, 3])]
    """
    known = np.array([bool(group) for group in groups])
    fold_of = np.full(len(groups), -1)
    fold_of[known] = grouped_folds(labels[known], [group for group in groups if group], folds=folds)

    def targets(held: int | None) -> Targets:
        parts = [
            part if fold >= 0 and (held is None or (part == "test") == (fold == held)) else ""
            for part, fold in zip(splits, fold_of.tolist(), strict=True)
        ]
        return listed_targets(dataset, classes=classes, labels=labels, splits=parts, groups=groups)

    rounds = [replace(targets(held), missing=(), missing_splits=(), groups=None) for held in range(folds)]
    first = rounds[0]
    return replace(
        targets(None), train=first.train, validation=first.validation, test=first.test, repeats=tuple(rounds[1:])
    )
