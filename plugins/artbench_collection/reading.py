"""Reading a collection: a TOML, a table, or folders."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from artbench.data.authoring import TABLE_SUFFIXES
from artbench.errors import ArtbenchError
from artbench.specs import Prompts
from artbench_collection.catalogue import Catalogue
from artbench_collection.description import Description, read_description
from artbench_collection.folders import lists_in, read_folders
from artbench_collection.listed import read_listed

_SPREADSHEETS = frozenset({".xlsx", ".xls", ".ods", ".numbers"})


def read_catalogue(path: Path) -> Catalogue:
    """Read a collection: a TOML, a table, or a folder of images (or one with a `collection.toml`).

    Raises:
        ArtbenchError: It can't be read; says why.
    """
    if path.is_dir() and (path / "collection.toml").is_file():
        path = path / "collection.toml"
    if path.is_dir():
        return _with_unread(read_folders(Description(title=path.resolve().name, pictures=path)))
    if path.suffix.lower() == ".toml":
        description = read_description(path)
    elif path.suffix.lower() in TABLE_SUFFIXES:
        description = Description(title=path.stem, pictures=path.parent, table=path)
    else:
        hint = "Save it as CSV from the spreadsheet. " if path.suffix.lower() in _SPREADSHEETS else ""
        raise ArtbenchError(
            f"{path} is not a collection",
            mend=f"{hint}Give a folder, a table (.csv, .tsv, .parquet) or a description (.toml)",
        )
    if not description.pictures.is_dir():
        raise ArtbenchError(f"{path}: no folder of images at {description.pictures}", mend="Mend pictures = …")
    if description.table is None:
        catalogue = read_folders(description)
    else:
        # Every name that is resolved needs it; it is read again only after a change.
        stamp = description.table.stat().st_mtime_ns if description.table.is_file() else 0
        catalogue = _of_table(description, stamp)
    return _with_prompts(catalogue, description)


def _with_unread(catalogue: Catalogue) -> Catalogue:
    """Say that a table lies in a folder of classes: whoever gives the folder may expect its columns."""
    lists = lists_in(catalogue.root)
    if not lists:
        return catalogue
    said = f"{lists[0]} lies there and was not read: name collection:{catalogue.root / lists[0]} to have its columns"
    return replace(catalogue, unread=said)


def _with_prompts(catalogue: Catalogue, description: Description) -> Catalogue:
    for column, _, _ in description.prompts:
        catalogue.check_column(column)
        if column in (*catalogue.several, *catalogue.years, *catalogue.same):
            raise ArtbenchError(
                f"{catalogue.name}: there are prompts for the column {column!r}, whose images have not one class each",
                mend="Leave them out",
            )
    prompts = {
        column: Prompts(templates=templates, words=dict(words)) for column, templates, words in description.prompts
    }
    return replace(catalogue, prompts=prompts)


@lru_cache(maxsize=4)
def _of_table(description: Description, _stamp: int) -> Catalogue:
    return read_listed(description)
