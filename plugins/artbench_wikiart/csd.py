"""WikiArt as CSD searches it: its list `wikiart.csv` of queries and database, beside the images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from artbench.data import Dataset, Split, Targets
from artbench.data.authoring import Table, listed_path, match_files, read_table
from artbench.errors import ArtbenchError
from artbench_wikiart import CSD_LAYOUT, CSD_SOURCE
from artbench_wikiart.layout import find_images, scan_images

LIST = "wikiart.csv"

_NAME = "wikiart-csd"
_MEND = f"The folder should hold {CSD_LAYOUT}. The list comes from {CSD_SOURCE}"
_PARTS = ("query", "database")


@dataclass(frozen=True, kw_only=True)
class SearchList:
    """The rows of the list: the path of each image, and its values in each column."""

    paths: Sequence[str]
    columns: Mapping[str, Sequence[str]]


def open_csd(root: Path) -> Dataset:
    """Read the list under `root` and find the images that it names, without opening any.

    Of a path the last two parts count, `<Style>/<name>`, since the folders above are those of another machine; where
    the list has no column of paths, the style and the column `name` make one. `Dataset.tables["csd"]` holds the list.

    Raises:
        ArtbenchError: The folder lacks the list or the images, or a row is wrong; names the line.
    """
    file = root / LIST
    if not file.is_file():
        raise ArtbenchError(f"{_NAME}: there is no {LIST} in {root}", mend=_MEND)
    table = read_table(file, dataset=_NAME)
    for column in ("artist", "label", "split"):
        table.column(column, dataset=_NAME, mend=_MEND)
    paths = list(_paths(table))
    styles = {path.partition("/")[0] for path in paths}
    place = find_images(root, styles)
    sizes = scan_images(root / place, styles)
    files = match_files(set(paths), sizes)
    ids = sorted(files)
    prefix = "" if place == "." else f"{place}/"
    return Dataset(
        name=_NAME,
        root=root,
        ids=ids,
        files=[prefix + files[path] for path in ids],
        versions=[str(sizes[files[path]]) for path in ids],
        tables={"csd": SearchList(paths=paths, columns=table.columns)},
    )


def _paths(table: Table) -> Iterator[str]:
    given = table.columns.get("path") or table.column("name", dataset=_NAME, mend=_MEND)
    known: dict[str, int] = {}
    for text, style, split, line in zip(
        given, table.columns["label"], table.columns["split"], table.lines, strict=True
    ):
        where = f"{_NAME}: {table.file}, line {line}"
        parts = text.replace("\\", "/").strip("/").split("/")[-2:]
        try:
            path = listed_path("/".join(parts if len(parts) > 1 else [style, *parts]))
        except ValueError as error:
            raise ArtbenchError(f"{where}: the path {text[:100]!r} {error}", mend=_MEND) from error
        if path.count("/") != 1:
            raise ArtbenchError(f"{where}: the path {text[:100]!r} is not <Style>/<name>", mend=_MEND)
        if split not in _PARTS:
            raise ArtbenchError(f"{where}: the split {split[:80]!r} is neither query nor database", mend=_MEND)
        if path in known:
            raise ArtbenchError(f"{where}: {path} is there a second time, first in line {known[path]}", mend=_MEND)
        known[path] = line
        yield path


def artist_targets(dataset: Dataset) -> Targets:
    """Return which images are by one painter; queries by painters who are not in the database are left out."""
    return _targets(dataset, "artist")


def style_targets(dataset: Dataset) -> Targets:
    """Return which images are of one style; queries of styles that are not in the database are left out."""
    return _targets(dataset, "label")


def _targets(dataset: Dataset, column: str) -> Targets:
    listed = dataset.tables["csd"]
    assert isinstance(listed, SearchList)
    paths, values, splits = listed.paths, listed.columns[column], listed.columns["split"]
    held = {value for value, part in zip(values, splits, strict=True) if value and part == "database"}
    classes = tuple(sorted(held))
    number = {name: k for k, name in enumerate(classes)}
    kept = [at for at, value in enumerate(values) if value in number]

    def split(part: str) -> Split:
        there = [at for at in kept if splits[at] == part and paths[at] in dataset.rows]
        return Split(
            rows=np.array([dataset.rows[paths[at]] for at in there], np.int64),
            labels=np.array([number[values[at]] for at in there], np.int64),
        )

    missing = [at for at in kept if paths[at] not in dataset.rows]
    return Targets(
        classes=classes,
        train=split("database"),
        test=split("query"),
        missing=[paths[at] for at in missing],
        missing_splits=["train" if splits[at] == "database" else "test" for at in missing],
    )
