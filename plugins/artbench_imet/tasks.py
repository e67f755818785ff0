"""The tasks of iMet: the attributes of one kind, which stands before the `::` of their names."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError
from artbench_imet.lists import Attributes


def culture_targets(dataset: Dataset) -> Targets:
    """Cultures; 398 in 2019, 681 in 2020."""
    return _targets(dataset, "culture::")


def tags_targets(dataset: Dataset) -> Targets:
    """What is to be seen: `tag::` in 2019 (705), `tags::` in 2020 (768)."""
    return _targets(dataset, "tag::" if dataset.name == "imet-2019" else "tags::")


def attributes_targets(dataset: Dataset) -> Targets:
    """All attributes; 1,103 in 2019."""
    return _targets(dataset, "")


def country_targets(dataset: Dataset) -> Targets:
    """100 countries; 2020 alone."""
    return _targets(dataset, "country::")


def dimension_targets(dataset: Dataset) -> Targets:
    """Five classes of size; 2020 alone."""
    return _targets(dataset, "dimension::")


def medium_targets(dataset: Dataset) -> Targets:
    """1,920 materials and techniques; 2020 alone."""
    return _targets(dataset, "medium::")


def _targets(dataset: Dataset, prefix: str) -> Targets:
    """Of the pictures with at least one label of the kind: that a picture has none says nobody has looked.

    Raises:
        ArtbenchError: No attribute is of the kind.
    """
    lists = cast("Attributes", dataset.tables["attributes"])
    test, place = np.asarray(dataset.tables["test"]), np.asarray(dataset.tables["place"])
    kind = [label for label, name in enumerate(lists.names) if name.startswith(prefix)]
    if not kind:
        kinds = ", ".join(sorted({name.partition("::")[0] for name in lists.names})[:10])
        raise ArtbenchError(
            f"{dataset.name}: no attribute in labels.csv begins with {prefix!r}, only with {kinds}",
            mend=f"See whether {dataset.root} holds the lists of {dataset.name}",
        )
    column = np.full(len(lists.names), -1)
    column[kind] = np.arange(len(kind))
    wanted = column[lists.labels] >= 0
    rows, columns = lists.rows[wanted], column[lists.labels[wanted]]
    labelled = np.zeros(len(lists.pictures), bool)
    labelled[rows] = True

    def split(part: NDArray[np.bool_]) -> Split:
        listed = np.flatnonzero(labelled & part & (place >= 0))
        # In the order of the dataset.
        listed = listed[np.argsort(place[listed])]
        position = np.full(len(lists.pictures), -1)
        position[listed] = np.arange(len(listed))
        at = position[rows]
        labels = np.zeros((len(listed), len(kind)), bool)
        labels[at[at >= 0], columns[at >= 0]] = True
        return Split(rows=place[listed], labels=labels)

    return Targets(
        classes=tuple(lists.names[label].removeprefix(prefix) for label in kind),
        train=split(~test),
        test=split(test),
        missing=[lists.pictures[row] for row in np.flatnonzero(labelled & (place < 0)).tolist()],
    )
