"""The tasks of iMet: the attributes of one kind, which stands before the `::` of their names."""

from typing import cast

import numpy as np

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
    test = cast("frozenset[str]", dataset.tables["test"])
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
    labelled = {lists.pictures[row] for row in np.unique(rows).tolist()}
    # The place of each listed picture in the dataset; -1 where it is not there.
    place = np.array([dataset.rows.get(id_, -1) for id_ in lists.pictures], np.int64)
    splits = []
    for is_test in (False, True):
        members = np.array([id_ in labelled and (id_ in test) == is_test for id_ in dataset.ids], bool)
        split_rows = np.flatnonzero(members).astype(np.int64)
        position = np.full(len(dataset) + 1, -1)
        position[split_rows] = np.arange(len(split_rows))
        # The last place, -1, is that of pictures that are not there.
        pairs = position[place[rows]]
        labels = np.zeros((len(split_rows), len(kind)), bool)
        labels[pairs[pairs >= 0], columns[pairs >= 0]] = True
        splits.append(Split(rows=split_rows, labels=labels))
    return Targets(
        classes=tuple(lists.names[label].removeprefix(prefix) for label in kind),
        train=splits[0],
        test=splits[1],
        missing=[id_ for id_ in cast("list[str]", dataset.tables["missing"]) if id_ in labelled],
    )
