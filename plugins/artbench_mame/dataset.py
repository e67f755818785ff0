"""MAMe as published: a list of works and a folder of images, at full size or at 256 pixels."""

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
    return _targets(dataset, "Medium", groups="Museum")


def museum_targets(dataset: Dataset) -> Targets:
    """Return the museum of each work."""
    return _targets(dataset, "Museum")


def museum_bias_targets(dataset: Dataset) -> Targets:
    """Return medium and museum of equally many test images of each."""
    mediums = medium_targets(dataset)
    classes = [""] * len(dataset)
    for row, label in zip(mediums.test.rows.tolist(), mediums.test.labels.tolist(), strict=True):
        classes[row] = mediums.classes[label]
    assert mediums.groups is not None
    found = balanced_targets(dataset, mediums.test.rows, classes=classes, origins=mediums.groups)
    missing = [name for name, part in zip(mediums.missing, mediums.missing_splits, strict=True) if part == "test"]
    return replace(found, missing=missing, missing_splits=["test"] * len(missing))


def _targets(dataset: Dataset, column: str, *, groups: str | None = None) -> Targets:
    table = cast("Table", dataset.tables["list"])
    # `read_table` drops the blank after one of the mediums.
    classes = sorted(set(table.column(column, dataset=NAME)))
    numbers = {name: number for number, name in enumerate(classes)}
    return listed_targets(
        dataset,
        classes=classes,
        labels=np.array(mapped(table, column, numbers, dataset=NAME), np.int64),
        splits=mapped(table, "Subset", SPLITS, dataset=NAME),
        groups=None if groups is None else table.column(groups, dataset=NAME),
    )
