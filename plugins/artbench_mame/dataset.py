"""MAMe as published: a list of works and a folder of images, at full size or at 256 pixels."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from artbench.data import Dataset, Targets
from artbench.data.authoring import (
    Table,
    balanced_targets,
    find_list,
    listed_targets,
    mapped,
    open_listed,
    read_table,
)
from artbench_mame import LAYOUT, SOURCE
from artbench_mame.objects import objects_of

NAME = "mame"
LIST = "MAMe_dataset.csv"
SPLITS = {"train": "train", "val": "validation", "test": "test"}

_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"


def open_mame(root: Path) -> Dataset:
    """Read the list and find the images, without opening any; the full ones are taken where both sizes are there.

    The two sizes have other fingerprints, so that they never share a leaderboard.

    Raises:
        ArtbenchError: The folder lacks list or images, or the list is broken.
    """
    table = read_table(find_list(root, f"MAMe_metadata/{LIST}", LIST, dataset=NAME, mend=_MEND), dataset=NAME)
    return open_listed(
        root,
        table.column("Image file", dataset=NAME),
        dataset=NAME,
        folders=("data", "MAMe_data/data", "data_256", "MAMe_data_256/data_256", "."),
        mend=_MEND,
        captions=[
            f"{medium}; {museum}"
            for medium, museum in zip(
                table.column("Medium", dataset=NAME), table.column("Museum", dataset=NAME), strict=True
            )
        ],
        tables={"list": table},
    )


def medium_targets(dataset: Dataset) -> Targets:
    """Return the medium of each work, with its museum as group."""
    return _targets(dataset, "Medium", groups=_column(dataset, "Museum"))


def museum_targets(dataset: Dataset) -> Targets:
    """Return the museum of each work."""
    return _targets(dataset, "Museum")


def unseen_medium_targets(dataset: Dataset) -> Targets:
    """Return the medium of each work, without the test images whose object is in train or validation.

    The group of an image is its object.
    """
    parts, objects = _splits(dataset), _objects(dataset)
    seen = {one for one, part in zip(objects, parts, strict=True) if part != "test"}
    left = ["" if part == "test" and one in seen else part for one, part in zip(objects, parts, strict=True)]
    return _targets(dataset, "Medium", splits=left, groups=objects)


def museum_bias_targets(dataset: Dataset) -> Targets:
    """Return medium and museum of equally many test images of each, one of each object."""
    mediums = medium_targets(dataset)
    place = np.asarray(dataset.tables["place"])
    classes, objects = [""] * len(dataset), [""] * len(dataset)
    for row, label in zip(mediums.test.rows.tolist(), mediums.test.labels.tolist(), strict=True):
        classes[row] = mediums.classes[label]
    for row, one in zip(place.tolist(), _objects(dataset), strict=True):
        if row >= 0:
            objects[row] = one
    assert mediums.groups is not None
    found = balanced_targets(dataset, mediums.test.rows, classes=classes, origins=mediums.groups, objects=objects)
    missing = [name for name, part in zip(mediums.missing, mediums.missing_splits, strict=True) if part == "test"]
    return replace(found, missing=missing, missing_splits=["test"] * len(missing))


def _objects(dataset: Dataset) -> list[str]:
    return objects_of(*(_column(dataset, name) for name in ("Image file", "Museum", "Museum-based instance ID")))


def _splits(dataset: Dataset) -> list[str]:
    return mapped(cast("Table", dataset.tables["list"]), "Subset", SPLITS, dataset=NAME)


def _column(dataset: Dataset, name: str) -> Sequence[str]:
    return cast("Table", dataset.tables["list"]).column(name, dataset=NAME)


def _targets(
    dataset: Dataset, column: str, *, splits: Sequence[str] | None = None, groups: Sequence[str] | None = None
) -> Targets:
    # `read_table` drops the blank after one of the mediums.
    values = _column(dataset, column)
    classes = sorted(set(values))
    number = {name: label for label, name in enumerate(classes)}
    return listed_targets(
        dataset,
        classes=classes,
        labels=np.array([number[value] for value in values], np.int64),
        splits=_splits(dataset) if splits is None else splits,
        groups=groups,
    )
