"""The list of pages, read and checked; no image is opened here."""

import csv
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

import numpy as np

from artbench.data import Dataset, Split, Targets
from artbench.errors import ArtbenchError

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Page:
    """One line of the list."""

    page: str
    artist: str
    medium: str
    split: str


def read(root: Path) -> Dataset:
    """The pages of the list that are in the folder `root`, in the order of the list.

    Raises:
        ArtbenchError: There is no list, or it can't be understood.
    """
    pages = _listed(root / "pages.csv")
    there = [page for page in pages if (root / page.page).is_file()]
    names = [page.page for page in there]
    missing = [page.page for page in pages if not (root / page.page).is_file()]
    return Dataset(name="sketchbook", root=root, ids=names, files=names, tables={"pages": there, "missing": missing})


def medium(dataset: Dataset) -> Targets:
    """The medium of each page, in the splits of the list."""
    pages = cast("list[Page]", dataset.tables["pages"])
    classes = tuple(sorted({page.medium for page in pages}))

    def split(name: str) -> Split:
        rows = [row for row, page in enumerate(pages) if page.split == name]
        labels = [classes.index(pages[row].medium) for row in rows]
        return Split(rows=np.array(rows, np.int64), labels=np.array(labels, np.int64))

    return Targets(
        classes=classes,
        train=split("train"),
        validation=split("validation") if any(page.split == "validation" for page in pages) else None,
        test=split("test"),
        missing=cast("list[str]", dataset.tables["missing"]),
        groups=[page.artist for page in pages],
    )


def _listed(file: Path) -> list[Page]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            return [_page(row, f"{file}, line {table.line_num}") for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArtbenchError(f"{file} can't be read ({error})", mend="--data sketchbook=DIR says where it is") from error


def _page(row: dict[str, str], where: str) -> Page:
    absent = [name for name in ("page", "artist", "medium", "split") if not row.get(name)]
    if absent:
        raise ArtbenchError(f"{where}: no {' and no '.join(absent)}", mend="Its columns are page,artist,medium,split")
    page = Page(row["page"], row["artist"], row["medium"], row["split"])
    if page.split not in SPLITS:
        raise ArtbenchError(f"{where}: the split is {page.split!r}", mend=f"It is one of {', '.join(SPLITS)}")
    # A list may come from anywhere: it must not lead to other folders.
    if PurePosixPath(page.page).is_absolute() or ".." in PurePosixPath(page.page).parts:
        raise ArtbenchError(f"{where}: {page.page!r} leads out of the folder", mend="Name pages relative to the list")
    return page
