"""ArtDL as published: a table of labels, images, and the lists of the benchmark."""

from pathlib import Path
from typing import cast

import numpy as np

from artbench.data import Dataset, Targets
from artbench.data.authoring import Table, listed_targets, mapped, open_listed, present, read_table
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

_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"


def open_artdl(root: Path) -> Dataset:
    """Read the table and find the images, without opening any.

    Raises:
        ArtbenchError: The folder lacks table or images, or the table is broken.
    """
    places = [root / place / name for place in ("DEVKitArt", ".") for name in ("ArtDL.csv", "info.csv")]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise ArtbenchError(f"{NAME}: neither ArtDL.csv nor info.csv in {root}", mend=_MEND)
    table = read_table(file, dataset=NAME)
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
        file = (
            next((place for place in (root / "sets", root / "DEVKitArt" / "sets") if place.is_dir()), root)
            / f"{name}.txt"
        )
        if not file.is_file() or file.stat().st_size > _LONGEST:
            raise ArtbenchError(
                f"{NAME}: no list sets/{name}.txt in {root}",
                mend="The benchmark's lists come from https://github.com/iFede94/ArtDL",
            )
        for item in file.read_text(encoding="utf-8").split():
            if found.setdefault(item, part) != part:
                raise ArtbenchError(f"{NAME}: {item} is in the lists of {found[item]} and of {part}", mend=_MEND)
    return found
