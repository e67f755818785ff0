"""EUFCC-340K as published: four tables, one for each split, and a folder of images for each source."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from artbench.data import Dataset
from artbench.data.authoring import find_list, open_listed, read_table
from artbench_eufcc import FACETS, LAYOUT, SOURCE

NAME = "eufcc"
SPLITS = ("train", "val", "test_id", "test_ood")

_MEND = f"The folder should hold {LAYOUT}. The tables, and a program that fetches the images, come from {SOURCE}"


@dataclass(frozen=True, kw_only=True)
class Objects:
    """The four tables, one after the other.

    Attributes:
        splits: `train`, `val`, `test_id` or `test_ood` of each object.
        museums: Institution that keeps each; empty where it is not stated.
        facets: Labels of each by the name of the facet, as the tables write them; empty where none are stated.
    """

    splits: Sequence[str]
    museums: Sequence[str]
    facets: dict[str, Sequence[str]]


def open_eufcc(root: Path) -> Dataset:
    """Read the tables and find the images, without opening any; `Dataset.tables` holds the `objects`.

    Raises:
        ArtbenchError: The folder lacks tables or images, or a table is broken.
    """
    folder = find_list(root, "data/train.csv", "train.csv", dataset=NAME, mend=_MEND).parent
    files: list[str] = []
    splits: list[str] = []
    museums: list[str] = []
    facets: dict[str, list[str]] = {name: [] for name in FACETS}
    for split in SPLITS:
        table = read_table(find_list(folder, f"{split}.csv", dataset=NAME, mend=_MEND), dataset=NAME)
        sources, names = (table.column(name, dataset=NAME) for name in ("database", "idInSource"))
        files += [f"{source}/images/{name}.jpg" for source, name in zip(sources, names, strict=True)]
        splits += [split] * len(table)
        museums += table.column("repository.keeper", dataset=NAME)
        for name, (column, _) in FACETS.items():
            facets[name] += table.column(column, dataset=NAME)
    return open_listed(
        root,
        files,
        dataset=NAME,
        folders=(".", "images", "data"),
        mend=_MEND,
        captions=museums,
        tables={"objects": Objects(splits=splits, museums=museums, facets=dict(facets))},
    )
