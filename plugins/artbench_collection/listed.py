"""Collections in a table, one row per image."""

from collections.abc import Mapping
from typing import TypeVar

from artbench.data.authoring import Table, listed_path, read_table
from artbench.errors import ArtbenchError
from artbench_collection.catalogue import Catalogue
from artbench_collection.description import Description
from artbench_collection.same import SAME

_Key = TypeVar("_Key")

# The names of each split.
SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}

# Names of the column of paths, if no TOML names it.
_PATHS = ("path", "file", "filename", "file_name", "filepath", "image", "picture")


def read_listed(description: Description) -> Catalogue:
    """Read the table of a collection and find the meaning of its columns.

    Raises:
        ArtbenchError: It can't be read, lacks a column, or a row is wrong; names the line.
    """
    assert description.table is not None
    table = read_table(description.table, dataset=description.title)
    if not len(table):
        raise ArtbenchError(f"{description.title}: {table.file} lists no image")
    column = description.path or _column_of_paths(table, description.title)
    named = [
        column,
        description.split,
        description.group,
        *(description.labels or ()),
        *(name for name, _ in description.several),
        *description.years,
        *description.same,
    ]
    for name in named:
        if name is not None:
            table.column(name, dataset=description.title)
    split = description.split or next((name for name in table.columns if name.lower() == "split"), None)
    group = description.group or next((name for name in table.columns if name.lower() == "group"), None)
    same = description.same or tuple(name for name in table.columns if name.lower() == SAME)
    if both := set(same) & {*description.years, *(name for name, _ in description.several)}:
        raise ArtbenchError(
            f"{description.title}: the column {min(both)!r} is named in same, and in years or several",
            mend="Values that say which images show the same thing are compared as they are",
        )
    splits, said = (None, "") if split is None else _splits(table, split, description.title)
    roles = {column, split, None if description.group else group}
    return Catalogue(
        title=description.title,
        root=description.pictures,
        source=table.file,
        paths=_paths(table, column, description.title),
        columns={name: values for name, values in table.columns.items() if name not in roles},
        wanted=description.labels,
        splits=splits,
        understood=(f"the column {split!r} has the splits{said}",) if said else (),
        group_column=group,
        groups=None if group is None else table.columns[group],
        several=dict(description.several),
        years=description.years,
        same=same,
        unlabelled="its TOML says labels = []" if description.labels == () and not (description.years or same) else "",
    )


def _column_of_paths(table: Table, title: str) -> str:
    lower = {name.lower(): name for name in reversed(list(table.columns))}
    for name in _PATHS:
        if name in lower:
            return lower[name]
    raise ArtbenchError(
        f"{title}: no column of {table.file} is called path, so the image of a row is unknown",
        mend=f"Rename one of {', '.join(map(repr, table.columns))}, or name it in a TOML: "
        f"table = '{table.file.name}' and path = '…'",
    )


def _paths(table: Table, column: str, title: str) -> list[str]:
    lines: dict[str, int] = {}
    for text, line in zip(table.columns[column], table.lines, strict=True):
        try:
            path = listed_path(text)
        except ValueError as error:
            shown = text if len(text) <= 100 else f"{text[:99]}…"
            raise ArtbenchError(f"{title}: {table.file}, line {line}: the path {shown!r} {error}") from error
        if path in lines:
            raise ArtbenchError(
                f"{title}: {table.file}, line {line}: {path} is listed a second time, first in line {lines[path]}",
                mend="Keep one row per image; several labels of one kind go into one cell (several = { column = ';' })",
            )
        lines[path] = line
    return list(lines)


def _splits(table: Table, column: str, title: str) -> tuple[list[str], str]:
    splits = []
    for text, line in zip(table.columns[column], table.lines, strict=True):
        if text and text.lower() not in SPLITS:
            raise ArtbenchError(
                f"{title}: {table.file}, line {line}: the split {text[:80]!r} is none of train, validation and test",
                mend="Leave it empty for an image that is in none",
            )
        splits.append(SPLITS[text.lower()] if text else "")
    named = whole_splits(dict(enumerate(splits)), where=f"{title}: the column {column!r} of {table.file}")
    return list(named[0].values()), named[1]


def whole_splits(splits: Mapping[_Key, str], *, where: str) -> tuple[dict[_Key, str], str]:
    """Return the split of each image, and what to add to a line on them: without a test, the validation is the test.

    Raises:
        ArtbenchError: There is nothing to train on, or nothing to test on.
    """
    parts = set(splits.values())
    if "train" not in parts or not parts & {"test", "validation"}:
        part = "test" if "train" in parts else "train"
        raise ArtbenchError(
            f"{where} names no {part} images",
            mend="Name images to train on and images to test on, or name no splits: artbench then splits",
        )
    if "test" in parts:
        return dict(splits), ""
    test = {"validation": "test"}
    return {key: test.get(part, part) for key, part in splits.items()}, "; there is no test, so the validation tests"
