"""The two lists of a release: what each attribute is called, and which a picture has."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.authoring.tables import Table, read_table
from artbench.errors import ArtbenchError

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What the lists say, as pairs of picture and label, since a full table has a hundred million cells.

    Attributes:
        names: Of the labels: `culture::french`.
        pictures: Ids, in the order of the list.
        rows: int64, shape (pairs,): the picture of each pair.
        labels: int64, shape (pairs,): its label.
    """

    names: tuple[str, ...]
    pictures: tuple[str, ...]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]


def read_lists(root: Path, *, dataset: str, mend: str) -> Attributes:
    """Read `train.csv` and `labels.csv`.

    Args:
        root: The folder that holds them.
        dataset: For messages.
        mend: What to do where one is not there.

    Raises:
        ArtbenchError: A list is not there or a row of it is not what it should be; names file and line.
    """
    for name in ("train.csv", "labels.csv"):
        if not (root / name).is_file():
            raise ArtbenchError(f"{dataset}: no {name} in {root}", mend=mend)
    names = _names(read_table(root / "labels.csv", dataset=dataset), dataset)
    table = read_table(root / "train.csv", dataset=dataset)
    pictures = tuple(table.column("id", dataset=dataset))
    seen: set[str] = set()
    rows: list[int] = []
    labels: list[int] = []
    values = zip(pictures, table.column("attribute_ids", dataset=dataset), table.lines, strict=True)
    for row, (id_, attributes, line) in enumerate(values):
        if not _ID.fullmatch(id_):
            raise _bad(table, line, f"{id_!r} is no id of a picture", dataset)
        if id_ in seen:
            raise _bad(table, line, f"the picture {id_} is listed a second time", dataset)
        seen.add(id_)
        digits = attributes.replace(" ", "")
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) < 4_000):
            raise _bad(table, line, f"{attributes[:40]!r} are no numbers of attributes", dataset)
        held = [int(text) for text in attributes.split()]
        if held and max(held) >= len(names):
            raise _bad(table, line, f"{max(held)} is no attribute from 0 to {len(names) - 1}", dataset)
        labels += held
        rows += [row] * len(held)
    return Attributes(names=names, pictures=pictures, rows=np.array(rows, np.int64), labels=np.array(labels, np.int64))


def _names(table: Table, dataset: str) -> tuple[str, ...]:
    names = table.column("attribute_name", dataset=dataset)
    for position, (text, line) in enumerate(
        zip(table.column("attribute_id", dataset=dataset), table.lines, strict=True)
    ):
        if text != str(position):
            raise _bad(table, line, f"attribute {text[:40]!r} where {position} should be", dataset)
    return tuple(names)


def _bad(table: Table, line: int, reason: str, dataset: str) -> ArtbenchError:
    return ArtbenchError(f"{dataset}: {table.file}, line {line}: {reason}", mend="Take the list anew from Kaggle")
