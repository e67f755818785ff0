"""The facets as labels, at all depths together or at one, in the official splits."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from artbench.data import Dataset, Targets
from artbench.data.authoring import balanced_targets, listed_targets
from artbench_eufcc.dataset import Objects

_SEVERAL, _BELOW = "$", "|"


def facet_targets(dataset: Dataset, facet: str, *, depth: int | None = None, test: str = "test_id") -> Targets:
    """Return the labels of a facet, with the museum of each object as its group.

    A label is the way to it from the top of the hierarchy, and all that it goes through are labels too. The classes are
    those that train has. An object of which the facet states nothing is in no split, as is one that has none of the
    classes; of `test_ood` one whose museum is in train or
    validation, or is not stated, as well.

    Args:
        dataset: The dataset.
        facet: One of `artbench_eufcc.FACETS`.
        depth: From the top, 1; an object whose labels are not so deep is in no split. None: all depths together.
        test: `test_id` or `test_ood`.
    """
    table = cast("Objects", dataset.tables["objects"])
    held = [{one for one in _ways(text) if depth in (None, one.count(_BELOW) + 1)} for text in table.facets[facet]]
    train = [split == "train" for split in table.splits]
    classes = sorted({way for ways, own in zip(held, train, strict=True) if own for way in ways})
    number = {way: label for label, way in enumerate(classes)}
    labels = np.zeros((len(held), len(classes)), bool)
    for row, ways in enumerate(held):
        labels[row, [number[way] for way in ways if way in number]] = True
    fitted = {museum for museum, split in zip(table.museums, table.splits, strict=True) if split in ("train", "val")}
    names = {"train": "train", "val": "validation", test: "test"}
    labelled = [bool(row.any()) for row in labels]
    splits = [
        names.get(split, "") if known and (split != "test_ood" or (museum and museum not in fitted)) else ""
        for split, museum, known in zip(table.splits, table.museums, labelled, strict=True)
    ]
    return listed_targets(dataset, classes=classes, labels=labels, splits=splits, groups=table.museums)


def museum_bias_targets(dataset: Dataset) -> Targets:
    """Return material and museum of equally many objects of each, out of validation and both tests.

    The material is that of the first depth; an object of several is left out.
    """
    table, place = cast("Objects", dataset.tables["objects"]), np.asarray(dataset.tables["place"])
    classes, museums = [""] * len(dataset), [""] * len(dataset)
    for row, text, museum in zip(place.tolist(), table.facets["materials"], table.museums, strict=True):
        if row >= 0:
            first = {way for way in _ways(text) if _BELOW not in way}
            classes[row], museums[row] = first.pop() if len(first) == 1 else "", museum
    asked = np.array([split != "train" for split in table.splits])
    found = balanced_targets(dataset, np.sort(place[asked & (place >= 0)]), classes=classes, origins=museums)
    listed = cast("Sequence[str]", dataset.tables["listed"])
    missing = [listed[number] for number in np.flatnonzero(asked & (place < 0)).tolist()]
    return replace(found, missing=missing, missing_splits=["test"] * len(missing))


def _ways(text: str) -> Iterator[str]:
    """Yield the labels of a value, each with all above it: `metal | iron $ paper` has three."""
    for label in text.split(_SEVERAL):
        parts = [part.strip() for part in label.split(_BELOW)]
        for end in range(1, len(parts) + 1):
            if all(parts[:end]):
                yield f" {_BELOW} ".join(parts[:end])
