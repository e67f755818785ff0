"""A column of a collection as a task."""

from collections import Counter
from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from artbench.data import Dataset, Labels, Split, Targets
from artbench.data.authoring import grouped_folds, held_out
from artbench.errors import ArtbenchError
from artbench_collection.catalogue import Catalogue, shortened
from artbench_collection.dates import read_years

# Share of the test if the collection has no splits.
TEST_SHARE = 0.2

_FOLDS = round(1 / TEST_SHARE)


def collection_targets(dataset: Dataset, *, column: str, catalogue: Catalogue) -> Targets:
    """Return the values of a column as targets, without images that have none.

    If the collection has no splits, a fifth of each class is the test: the images with the smallest SHA-256 of their
    paths, or whole groups if there are groups (`grouped_folds`), unless the groups are the labels. The split is made
    from all listed images, whether they are there or not.

    Raises:
        ArtbenchError: The column has fewer than two classes, or every value occurs only once.
    """
    values = _values(catalogue, column)
    listed = [row for row, held in enumerate(values) if held and (column not in catalogue.years or read_years(held[0]))]
    if column in catalogue.years and not listed:
        first = next((held[0] for held in values if held), None)
        raise ArtbenchError(
            f"{catalogue.name}: no value of the column {column!r} of {catalogue.source} can be read as a year"
            + ("" if first is None else f", {shortened(first)} for one"),
            mend="docs/datasets/collection.md says which dates are understood",
        )
    classes, labels = _labels([values[row] for row in listed], column, catalogue)
    parts = np.array(_parts(labels, listed, column, catalogue), object)
    place = {row: position for position, row in enumerate(cast("Sequence[int]", dataset.tables["row"]))}
    rows = np.array([place.get(row, -1) for row in listed], np.int64)

    groups = catalogue.groups if column != catalogue.group_column else None
    of_images = cast("Sequence[int]", dataset.tables["row"])

    def split(part: str) -> Split:
        chosen = (parts == part) & (rows >= 0)
        return Split(rows=rows[chosen], labels=labels[chosen])

    missing = [(row, part) for row, part, there in zip(listed, parts, rows, strict=True) if part and there < 0]
    return Targets(
        classes=classes,
        train=split("train"),
        test=split("test"),
        validation=split("validation") if catalogue.splits is not None and "validation" in parts else None,
        groups=None if groups is None else [groups[row] for row in of_images],
        missing=[catalogue.paths[row] for row, _ in missing],
        missing_splits=[part for _, part in missing],
    )


def _values(catalogue: Catalogue, column: str) -> list[tuple[str, ...]]:
    """Return the values of each image, without duplicates."""
    sign = catalogue.several.get(column)
    cells = catalogue.columns[column]
    if sign is None:
        return [(cell,) if cell else () for cell in cells]
    parts = ((part.strip() for part in cell.split(sign)) for cell in cells)
    return [tuple(dict.fromkeys(part for part in held if part)) for held in parts]


def _labels(values: Sequence[tuple[str, ...]], column: str, catalogue: Catalogue) -> tuple[tuple[str, ...], Labels]:
    """Return class names (none for years) and labels from the values of some images."""
    if column in catalogue.years:
        return (), np.array([sum(read_years(held[0]) or ()) / 2 for held in values])
    classes = _classes(values, column, catalogue)
    number = {name: k for k, name in enumerate(classes)}
    if column not in catalogue.several:
        return classes, np.array([number[held[0]] for held in values], np.int64)
    labels = np.zeros((len(values), len(classes)), bool)
    pairs = [(k, number[name]) for k, held in enumerate(values) for name in held]
    labels[tuple(np.array(pairs).T)] = True
    return classes, labels


def _classes(values: Sequence[tuple[str, ...]], column: str, catalogue: Catalogue) -> tuple[str, ...]:
    counts = Counter(name for held in values for name in held)
    where = f"{catalogue.name}: the column {column!r} of {catalogue.source}"
    if not counts:
        raise ArtbenchError(f"{where} is empty")
    if len(counts) == 1 and column not in catalogue.several:
        only = next(iter(counts))
        raise ArtbenchError(f"{where} holds only the value {only[:80]!r}", mend="A task needs at least two classes")
    if max(counts.values()) == 1:
        raise ArtbenchError(
            f"{where} holds a different value for every image, such as {next(iter(counts))[:80]!r}",
            mend="Labels have to repeat. Is it a title or a number?",
        )
    return tuple(sorted(counts))


def _parts(labels: Labels, listed: Sequence[int], column: str, catalogue: Catalogue) -> list[str]:
    """Return the split of each listed image; empty for an image in none."""
    if catalogue.splits is not None:
        return [catalogue.splits[row] for row in listed]
    if catalogue.groups is None or not catalogue.keeps_groups(column):
        taken = held_out(labels, [catalogue.paths[row] for row in listed], fraction=TEST_SHARE)
        tests = np.isin(np.arange(len(listed)), taken)
    else:
        # An image without a group is a group of its own.
        groups = [catalogue.groups[row] or f"\0{catalogue.paths[row]}" for row in listed]
        tests = grouped_folds(labels, groups, folds=_FOLDS) == 0
        if column not in catalogue.years and not _shared(labels, tests):
            raise ArtbenchError(
                f"{catalogue.name}: each class of {column!r} is of one group of {catalogue.group_column!r}, so that "
                "none can be trained on some groups and tested on others",
                mend="Leave the column of groups out, or give a column of splits",
            )
    return ["test" if is_test else "train" for is_test in tests.tolist()]


def _shared(labels: Labels, tests: NDArray[np.bool_]) -> bool:
    if labels.ndim == 2:
        return bool((labels[tests].any(axis=0) & labels[~tests].any(axis=0)).any())
    return bool(np.intersect1d(labels[tests], labels[~tests]).size)
