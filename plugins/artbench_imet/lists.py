"""The two lists of a release: the name of each attribute, and the attributes of each image."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.authoring import Table, read_table
from artbench.errors import ArtbenchError

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """The lists as pairs of image and label, since a full table would have a hundred million cells.

    Attributes:
        names: Names of the labels: `culture::french`.
        images: Ids, in the order of the list.
        rows: Image of each pair, int64, shape (pairs,).
        labels: Label of each pair, int64, shape (pairs,).
    """

    names: tuple[str, ...]
    images: tuple[str, ...]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]


def read_lists(root: Path, *, dataset: str, mend: str) -> Attributes:
    """Read `train.csv` and `labels.csv`.

    Args:
        root: Folder of the lists.
        dataset: Name of the dataset, for messages.
        mend: What to do if one is missing.

    Raises:
        ArtbenchError: A list is missing or a row is wrong; names file and line.
    """
    for name in ("train.csv", "labels.csv"):
        if not (root / name).is_file():
            raise ArtbenchError(f"{dataset}: no {name} in {root}", mend=mend)
    names = _names(read_table(root / "labels.csv", dataset=dataset), dataset)
    table = read_table(root / "train.csv", dataset=dataset)
    images = tuple(table.column("id", dataset=dataset))
    seen: set[str] = set()
    rows: list[int] = []
    labels: list[int] = []
    values = zip(images, table.column("attribute_ids", dataset=dataset), table.lines, strict=True)
    for row, (id_, attributes, line) in enumerate(values):
        if not _ID.fullmatch(id_):
            raise _bad(table, line, f"{id_!r} is not an image id", dataset)
        if id_ in seen:
            raise _bad(table, line, f"the image {id_} is listed a second time", dataset)
        seen.add(id_)
        digits = attributes.replace(" ", "")
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) < 4_000):
            raise _bad(table, line, f"{attributes[:40]!r} are not attribute numbers", dataset)
        held = [int(text) for text in attributes.split()]
        if held and max(held) >= len(names):
            raise _bad(table, line, f"{max(held)} is not an attribute from 0 to {len(names) - 1}", dataset)
        labels += held
        rows += [row] * len(held)
    return Attributes(names=names, images=images, rows=np.array(rows, np.int64), labels=np.array(labels, np.int64))


def _names(table: Table, dataset: str) -> tuple[str, ...]:
    names = table.column("attribute_name", dataset=dataset)
    for position, (text, line) in enumerate(
        zip(table.column("attribute_id", dataset=dataset), table.lines, strict=True)
    ):
        if text != str(position):
            raise _bad(table, line, f"attribute {text[:40]!r} where {position} should be", dataset)
    return tuple(names)


def _bad(table: Table, line: int, reason: str, dataset: str) -> ArtbenchError:
    return ArtbenchError(f"{dataset}: {table.file}, line {line}: {reason}", mend="Download the list again from Kaggle")
