"""SemArt as published: three tables, which are separated by tabs whatever their names say, and a folder of images."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from artbench.data import Dataset
from artbench.data.authoring import find_list, open_listed, read_table
from artbench_semart import LAYOUT, SOURCE

NAME = "semart"
SPLITS = {"train": "train", "val": "validation", "test": "test"}
COLUMNS = ("TYPE", "SCHOOL", "TIMEFRAME", "AUTHOR")

_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"
# Some tables hold bytes that Windows-1252 does not have; every byte is a letter of Latin-1.
_ENCODINGS = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252", "latin-1": "Latin-1"}


@dataclass(frozen=True, kw_only=True)
class Paintings:
    """The three tables, one after the other.

    Attributes:
        splits: `train`, `validation` or `test` of each painting.
        columns: Values of `COLUMNS` for each.
    """

    splits: Sequence[str]
    columns: dict[str, Sequence[str]]


def open_semart(root: Path) -> Dataset:
    """Read the tables and find the images, without opening any.

    Raises:
        ArtbenchError: The folder lacks tables or images, or a table is broken.
    """
    folder = find_list(root, "SemArt/semart_train.csv", "semart_train.csv", dataset=NAME, mend=_MEND).parent
    files: list[str] = []
    splits: list[str] = []
    captions: list[str] = []
    columns: dict[str, list[str]] = {name: [] for name in COLUMNS}
    notes: list[str] = []
    for name, part in SPLITS.items():
        file = find_list(folder, f"semart_{name}.csv", dataset=NAME, mend=_MEND)
        table = read_table(file, dataset=NAME, encodings=("utf-8-sig", "cp1252", "latin-1"))
        notes.append(f"{file.name} was read as {_ENCODINGS[table.encoding]}")
        files += table.column("IMAGE_FILE", dataset=NAME)
        splits += [part] * len(table)
        for column in COLUMNS:
            columns[column] += table.column(column, dataset=NAME)
        titles = zip(table.column("AUTHOR", dataset=NAME), table.column("TITLE", dataset=NAME), strict=True)
        captions += [unescape(f"{author}: {title}") for author, title in titles]
    prefix = "" if folder == root else f"{folder.name}/"
    return open_listed(
        root,
        files,
        dataset=NAME,
        folders=(f"{prefix}Images", f"{prefix}images"),
        mend=_MEND,
        captions=captions,
        notes=notes,
        tables={"paintings": Paintings(splits=splits, columns=dict(columns))},
    )
