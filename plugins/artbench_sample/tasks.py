"""The targets of the tasks on `sample`."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from artbench.data import Dataset, Split, Targets
from artbench.data.authoring import balanced_targets


def style_targets(dataset: Dataset) -> Targets:
    """Return the style of every image."""
    return _single_label(dataset, "style")


def artist_targets(dataset: Dataset) -> Targets:
    """Return the painter of every image."""
    return _single_label(dataset, "artist")


def material_targets(dataset: Dataset) -> Targets:
    """Return the materials of every image, any number of them."""
    found = [frozenset(row["materials"].split("|")) for row in _labels(dataset)]
    classes = tuple(sorted(frozenset[str]().union(*found)))
    return _targets(dataset, classes, np.array([[name in held for name in classes] for held in found]))


def painting_targets(dataset: Dataset) -> Targets:
    """Return which images are scans of one painting: the test images are queries to the training images.

    Of 24 test images the index has another scan; the others are distractors.
    """
    rows = _labels(dataset)
    paintings = [row["duplicate_of"] or row["id"] for row in rows]
    twice = {row["duplicate_of"] for row in rows} - {""}
    classes = tuple(sorted(twice))
    number = {name: k for k, name in enumerate(classes)}
    return _targets(dataset, classes, np.array([number.get(painting, -1) for painting in paintings], np.int64))


def museum_bias_targets(dataset: Dataset) -> Targets:
    """Return the style and the museum of equally many test images of each; painters are groups."""
    rows = _labels(dataset)
    return balanced_targets(
        dataset,
        np.flatnonzero([row["split"] == "test" for row in rows]).astype(np.int64),
        classes=[row["style"] for row in rows],
        origins=[row["museum"] for row in rows],
        objects=[row["duplicate_of"] or row["id"] for row in rows],
        groups=[row["artist"] for row in rows],
    )


def _single_label(dataset: Dataset, column: str) -> Targets:
    values = [row[column] for row in _labels(dataset)]
    classes = tuple(sorted(set(values)))
    number = {name: k for k, name in enumerate(classes)}
    return _targets(dataset, classes, np.array([number[value] for value in values], dtype=np.int64))


def _targets(dataset: Dataset, classes: tuple[str, ...], labels: NDArray[np.int64] | NDArray[np.bool_]) -> Targets:
    splits = np.array([row["split"] for row in _labels(dataset)])
    train, test = (np.flatnonzero(splits == name).astype(np.int64) for name in ("train", "test"))
    return Targets(
        classes=classes,
        train=Split(rows=train, labels=labels[train]),
        test=Split(rows=test, labels=labels[test]),
    )


def _labels(dataset: Dataset) -> Sequence[Mapping[str, str]]:
    return cast("Sequence[Mapping[str, str]]", dataset.tables["labels"])
