"""The tasks of iMet: attributes of one kind, the part of their names before `::`."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from artbench.data import Dataset, Split, Targets
from artbench.errors import ArtbenchError
from artbench_imet.lists import Attributes


def culture_targets(dataset: Dataset) -> Targets:
    """Return the cultures: 398 in 2019, 681 in 2020."""
    return _targets(dataset, "culture::")


def tags_targets(dataset: Dataset) -> Targets:
    """Return what is depicted: `tag::` in 2019 (705), `tags::` in 2020 (768)."""
    return _targets(dataset, "tag::" if dataset.name == "imet-2019" else "tags::")


def attributes_targets(dataset: Dataset) -> Targets:
    """Return all attributes: 1,103 in 2019."""
    return _targets(dataset, "")


def country_targets(dataset: Dataset) -> Targets:
    """Return the 100 countries; 2020 only."""
    return _targets(dataset, "country::")


def dimension_targets(dataset: Dataset) -> Targets:
    """Return the five size classes; 2020 only."""
    return _targets(dataset, "dimension::")


def medium_targets(dataset: Dataset) -> Targets:
    """Return the 1,920 materials and techniques; 2020 only."""
    return _targets(dataset, "medium::")


def _targets(dataset: Dataset, prefix: str) -> Targets:
    """Return the labels of the images with at least one of the kind; an image without any was not annotated.

    Raises:
        ArtbenchError: No attribute is of this kind.
    """
    lists = cast("Attributes", dataset.tables["attributes"])
    test, place = np.asarray(dataset.tables["test"]), np.asarray(dataset.tables["place"])
    kind = [label for label, name in enumerate(lists.names) if name.startswith(prefix)]
    if not kind:
        kinds = ", ".join(sorted({name.partition("::")[0] for name in lists.names})[:10])
        raise ArtbenchError(
            f"{dataset.name}: no attribute in labels.csv begins with {prefix!r}, only with {kinds}",
            mend=f"Check that {dataset.root} holds the lists of {dataset.name}",
        )
    column = np.full(len(lists.names), -1)
    column[kind] = np.arange(len(kind))
    wanted = column[lists.labels] >= 0
    rows, columns = lists.rows[wanted], column[lists.labels[wanted]]
    labelled = np.zeros(len(lists.images), bool)
    labelled[rows] = True

    def split(part: NDArray[np.bool_]) -> Split:
        listed = np.flatnonzero(labelled & part & (place >= 0))
        # In the dataset's order.
        listed = listed[np.argsort(place[listed])]
        position = np.full(len(lists.images), -1)
        position[listed] = np.arange(len(listed))
        at = position[rows]
        labels = np.zeros((len(listed), len(kind)), bool)
        labels[at[at >= 0], columns[at >= 0]] = True
        return Split(rows=place[listed], labels=labels)

    missing = np.flatnonzero(labelled & (place < 0)).tolist()
    return Targets(
        classes=tuple(lists.names[label].removeprefix(prefix) for label in kind),
        train=split(~test),
        test=split(test),
        missing=[lists.images[row] for row in missing],
        missing_splits=["test" if test[row] else "train" for row in missing],
    )
