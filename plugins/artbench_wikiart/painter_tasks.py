"""Tasks from the painters in the style lists: naming the painter, and styles by unseen painters."""

from collections import Counter

import numpy as np

from artbench.data import Dataset, Targets
from artbench.data.authoring import grouped_folds
from artbench_wikiart.lists import Row
from artbench_wikiart.tasks import listed_split, missing_paths, painter_of, task_lists

# Of the images in both style lists.
FEWEST = 40
FOLDS = 5


def painter_targets(dataset: Dataset) -> Targets:
    """Return the painters with at least 40 images in the style lists, with the splits of these lists.

    Raises:
        ArtbenchError: The style lists are missing.
    """
    lists = task_lists(dataset, "style")
    counts = Counter(painter_of(row.path) for row in (*lists.train, *lists.val))
    classes = tuple(sorted(painter for painter, count in counts.items() if count >= FEWEST))
    number = {painter: label for label, painter in enumerate(classes)}
    train, val = (
        [Row(row.path, number[painter]) for row in listed if (painter := painter_of(row.path)) in number]
        for listed in (lists.train, lists.val)
    )
    missing, splits = missing_paths(dataset, train=train, test=val)
    return Targets(
        classes=classes,
        train=listed_split(train, dataset),
        test=listed_split(val, dataset),
        missing=missing,
        missing_splits=splits,
    )


def unseen_artists_targets(dataset: Dataset) -> Targets:
    """Return styles with test painters that are not in train, in five rounds.

    Painters are put into five folds (`grouped_folds`, over both style lists). In each round, the images of the train
    list by four folds are train, and those of the val list by the fifth are test. Over the rounds, every image of the
    val list is tested once, and none of the train list.

    Raises:
        ArtbenchError: The style lists are missing.
    """
    lists = task_lists(dataset, "style")
    both = (*lists.train, *lists.val)
    folds = grouped_folds(
        np.array([row.label for row in both], np.int64), [painter_of(row.path) for row in both], folds=FOLDS
    )
    trains, tests = folds[: len(lists.train)].tolist(), folds[len(lists.train) :].tolist()
    rounds = [
        Targets(
            classes=lists.classes,
            train=listed_split((row for row, fold in zip(lists.train, trains, strict=True) if fold != held), dataset),
            test=listed_split((row for row, fold in zip(lists.val, tests, strict=True) if fold == held), dataset),
        )
        for held in range(FOLDS)
    ]
    missing, splits = missing_paths(dataset, train=lists.train, test=lists.val)
    return Targets(
        classes=lists.classes,
        train=rounds[0].train,
        test=rounds[0].test,
        missing=missing,
        missing_splits=splits,
        groups=[painter_of(path) for path in dataset.ids],
        repeats=tuple(rounds[1:]),
    )
