"""ArtDL as published: a table of labels, images, and the lists of the benchmark."""

from pathlib import Path
from typing import cast

import numpy as np

from artbench.data import Dataset, Targets
from artbench.data.authoring import Table, find_list, listed_targets, mapped, open_listed, present, read_table
from artbench.errors import ArtbenchError
from artbench_artdl import LAYOUT, SOURCE

NAME = "artdl"
SPLITS = {"train": "train", "val": "validation", "test": "test"}
# The ten of the benchmark, in its order.
SAINTS = (
    "11H(ANTONY OF PADUA)",
    "11H(JOHN THE BAPTIST)",
    "11H(PAUL)",
    "11H(FRANCIS)",
    "11HH(MARY MAGDALENE)",
    "11H(JEROME)",
    "11H(DOMINIC)",
    "11F(MARY)",
    "11H(PETER)",
    "11H(SEBASTIAN)",
)
# What the names of its 19 labels begin with, 17 of them codes of Iconclass.
_LABELS = ("11F(", "11H(", "11HH(", "John Baptist")
# A list that names every image of train once has 15,000 lines; the published one repeats them to 95,130.
_LONGEST = 10_000_000

_LISTS = "The benchmark's lists, sets/{train,val,test}.txt, come from https://github.com/iFede94/ArtDL"
_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"


def open_artdl(root: Path) -> Dataset:
    """Read the table and find the images, without opening any.

    Raises:
        ArtbenchError: The folder lacks table or images, or the table is broken.
    """
    places = [f"{place}{name}" for place in ("DEVKitArt/", "") for name in ("ArtDL.csv", "info.csv")]
    table = read_table(find_list(root, *places, dataset=NAME, mend=_MEND), dataset=NAME)
    return open_listed(
        root,
        table.column("item", dataset=NAME),
        dataset=NAME,
        folders=("DEVKitArt/JPEGImages", "JPEGImages"),
        mend=_MEND,
        stems=True,
        tables={"list": table},
    )


def label_targets(dataset: Dataset) -> Targets:
    """Return all labels of the table, in its own split."""
    table = cast("Table", dataset.tables["list"])
    labels = [name for name in table.columns if name.startswith(_LABELS)]
    return listed_targets(
        dataset,
        classes=labels,
        labels=present(table, labels, dataset=NAME),
        splits=mapped(table, "set", SPLITS, dataset=NAME),
    )


def saint_targets(dataset: Dataset) -> Targets:
    """Return the saint of each image that the benchmark's lists name.

    Its list for training repeats images of rare saints; each counts once here. An image with several of the ten
    saints, or none, is in no split.

    Raises:
        ArtbenchError: A list is missing, or names an image twice in different splits.
    """
    table = cast("Table", dataset.tables["list"])
    held = present(table, SAINTS, dataset=NAME)
    part = _parts(dataset.root)
    alone = held.sum(axis=1) == 1
    items = table.column("item", dataset=NAME)
    return listed_targets(
        dataset,
        classes=SAINTS,
        labels=held.argmax(axis=1).astype(np.int64),
        splits=[part.get(item, "") if one else "" for item, one in zip(items, alone.tolist(), strict=True)],
    )


def _parts(root: Path) -> dict[str, str]:
    """Return the split of each image in the lists of the benchmark."""
    found: dict[str, str] = {}
    for name, part in SPLITS.items():
        file = find_list(
            root, *(f"{place}{name}.txt" for place in ("sets/", "DEVKitArt/sets/", "")), dataset=NAME, mend=_LISTS
        )
        if file.stat().st_size > _LONGEST:
            raise ArtbenchError(f"{NAME}: {file} is larger than {_LONGEST // 10**6} MB", mend=_LISTS)
        try:
            items = file.read_text(encoding="utf-8-sig").split()
        except UnicodeDecodeError as error:
            raise ArtbenchError(f"{NAME}: {file} is not UTF-8, line by line an image", mend=_LISTS) from error
        for item in items:
            if found.setdefault(item, part) != part:
                raise ArtbenchError(f"{NAME}: {item} is in the lists of {found[item]} and of {part}", mend=_MEND)
    return found
