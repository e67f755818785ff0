"""IconArt v1 as published: lists and boxes in the form of Pascal VOC, and a table of labels."""

from pathlib import Path
from typing import cast

from artbench.data import Dataset, Targets
from artbench.data.authoring import Table, find_list, listed_targets, mapped, open_listed, present, read_table
from artbench.errors import ArtbenchError
from artbench_iconart import LAYOUT, SOURCE

NAME = "iconart-v1"
LABELS = ("angel", "Child_Jesus", "crucifixion_of_Jesus", "Mary", "nudity", "ruins", "Saint_Sebastien")
SPLITS = {"train": "train", "test": "test"}

_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"


def open_iconart(root: Path) -> Dataset:
    """Read the table and find the images, without opening any.

    Raises:
        ArtbenchError: The folder lacks table or images, or holds version 2, which has other labels.
    """
    place = next((place for place in ("IconArt_v1", ".") if (root / place / "ImageSets" / "Main").is_dir()), None)
    if place is None:
        raise ArtbenchError(f"{NAME}: no ImageSets/Main in {root}", mend=_MEND)
    lists = root / place / "ImageSets" / "Main"
    if not (lists / "IconArt_v1.csv").is_file():
        other = " It has IconArt_v2.csv, with ten labels" if (lists / "IconArt_v2.csv").is_file() else ""
        raise ArtbenchError(f"{NAME}: no IconArt_v1.csv in {lists}.{other}", mend=_MEND)
    table = read_table(
        find_list(root, f"{place}/ImageSets/Main/IconArt_v1.csv", dataset=NAME, mend=_MEND), dataset=NAME
    )
    return open_listed(
        root,
        table.column("item", dataset=NAME),
        dataset=NAME,
        folders=(f"{place}/JPEGImages" if place != "." else "JPEGImages",),
        mend=_MEND,
        stems=True,
        tables={"list": table},
    )


def label_targets(dataset: Dataset) -> Targets:
    """Return the labels of each painting; those with none of the seven stay, as they do in its authors' scores.

    The test is that of the table. `test.txt` lists only its images with boxes, for detection.
    """
    table = cast("Table", dataset.tables["list"])
    return listed_targets(
        dataset,
        classes=[label.replace("_", " ") for label in LABELS],
        labels=present(table, LABELS, dataset=NAME),
        splits=mapped(table, "set", SPLITS, dataset=NAME),
    )
