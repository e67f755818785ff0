"""The tasks with the faces of unseen books: which book a face is cut from is in its address."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from artbench.data import Dataset, Targets
from artbench.data.authoring import find_list, unseen_targets
from artbench.errors import ArtbenchError
from artbench_kaokore import ADDRESSES, SOURCE
from artbench_kaokore.dataset import GENDERS, STATUSES, labels_of, splits_of

# Fifty times the published list.
_LARGEST = 50_000_000
_NAME = re.compile(r"(\d+)\.jpg")
# The address of an image by the IIIF: the page, then its part, size, rotation and kind of file.
_IMAGE = re.compile(r"https?://[^/]+/(.+)/[^/]+/[^/]+/[^/]+/[^/]+")
_ABOVE_BOOK = re.compile(r"(?:.*/)?(?:iiif|iipsrv/[^/]+)/")
# A shelf mark of Keio's with its volume, such as 132X-56-2-1.
_VOLUME = re.compile(r"(\d+X(?:-\d+){2})-\d+")


def unseen_gender_targets(dataset: Dataset) -> Targets:
    """Return the genders, in rounds of unseen books."""
    return _unseen(dataset, "gender", GENDERS)


def unseen_status_targets(dataset: Dataset) -> Targets:
    """Return the statuses, in rounds of unseen books."""
    return _unseen(dataset, "status", STATUSES)


def book_of(address: str) -> str:
    """Return the book, all volumes of it, that an image is cut from, by its address; empty if that can't be told.

    Examples:
        >>> from artbench_kaokore.books import book_of
        >>> book_of("https://a.jp/iiif/RB00013523/01/RB00013523_00003_0.ptif/4,2,86,86/256,256/0/default.jpg")
        'RB00013523'
        >>> book_of("https://b.jp/iipsrv/NRE/132X-56-2-1/tif/1_004.tif/22,66,24,24/!200,200/0/default.jpg")
        '132X-56-2'
    """
    image = _IMAGE.fullmatch(address.strip())
    if image is None:
        return ""
    page = image[1]
    above = _ABOVE_BOOK.match(page)
    book = page.rpartition("/")[0] if above is None else page[above.end() :].partition("/")[0]
    volume = _VOLUME.fullmatch(book)
    return book if volume is None else volume[1]


def _unseen(dataset: Dataset, column: str, classes: Sequence[str]) -> Targets:
    books = _books(dataset.root, dataset.name)
    listed = cast("Sequence[str]", dataset.tables["listed"])
    numbers = [_NAME.fullmatch(name) for name in listed]
    groups = ["" if found is None else books.get(int(found[1]), "") for found in numbers]
    if not any(groups):
        raise ArtbenchError(
            f"{dataset.name}: {ADDRESSES} has the address of no listed face",
            mend=f"Take that of the same release from {SOURCE}",
        )
    return unseen_targets(
        dataset,
        classes=classes,
        labels=labels_of(dataset, column, classes),
        splits=splits_of(dataset),
        groups=groups,
    )


def _books(root: Path, dataset: str) -> dict[int, str]:
    """Return the book of each line, from 0, of the list of addresses, by which faces are numbered."""
    mend = f"{ADDRESSES}, by which books are told, lies beside labels.csv in the folder of the release at {SOURCE}"
    file = find_list(root, ADDRESSES, dataset=dataset, mend=mend)
    if file.stat().st_size > _LARGEST:
        raise ArtbenchError(f"{dataset}: {file} is larger than {_LARGEST // 10**6} MB", mend=mend)
    return {at: book_of(line) for at, line in enumerate(file.read_text(encoding="utf-8", errors="replace").split("\n"))}
