"""A collection as it lies on disk: a TOML, a table, or folders of classes."""

from functools import lru_cache
from pathlib import Path

from artbench.data.listing import picture_id, pictures_in
from artbench.data.tables import SUFFIXES
from artbench.errors import ArtbenchError
from artbench_collection.catalogue import Catalogue
from artbench_collection.description import Description, read_description
from artbench_collection.listed import SPLITS, read_listed

# Class folders may hold folders of their own, but not without end.
_DEPTH = 12

_SPREADSHEETS = frozenset({".xlsx", ".xls", ".ods", ".numbers"})


def read_catalogue(path: Path) -> Catalogue:
    """Read a collection: a TOML, a table, or a folder of class folders (or one with a `collection.toml`).

    Raises:
        ArtbenchError: It can't be read; says why and what to do.
    """
    if path.is_dir() and (path / "collection.toml").is_file():
        path = path / "collection.toml"
    if path.is_dir():
        return _of_folders(Description(title=path.resolve().name, pictures=path))
    if path.suffix.lower() == ".toml":
        description = read_description(path)
    elif path.suffix.lower() in SUFFIXES:
        description = Description(title=path.stem, pictures=path.parent, table=path)
    else:
        hint = "Save it as CSV from the spreadsheet. " if path.suffix.lower() in _SPREADSHEETS else ""
        raise ArtbenchError(
            f"{path} is no collection",
            mend=f"{hint}Give a folder, a table (.csv, .tsv, .parquet) or a description (.toml)",
        )
    if not description.pictures.is_dir():
        raise ArtbenchError(f"{path}: no folder of pictures at {description.pictures}", mend="Mend pictures = …")
    if description.table is None:
        return _of_folders(description)
    # Asked for by every name that is resolved; read once while nobody changes it.
    stamp = description.table.stat().st_mtime_ns if description.table.is_file() else 0
    return _of_table(description, stamp)


@lru_cache(maxsize=4)
def _of_table(description: Description, _stamp: int) -> Catalogue:
    return read_listed(description)


def _of_folders(description: Description) -> Catalogue:
    root = description.pictures
    there = pictures_in(root, dataset=description.title, depth=_DEPTH)
    files = {picture_id(path): path for path in there if "/" in path}
    found = sorted(files)
    tops = {path.split("/")[0] for path in found}
    in_splits = {"train", "test"} <= {SPLITS.get(top.lower(), "") for top in tops} and all(
        top.lower() in SPLITS for top in tops
    )
    if not found:
        tables = sorted(entry.name for entry in root.iterdir() if entry.suffix.lower() in {*SUFFIXES, ".toml"})
        hint = f"Is it collection:{root / tables[0]}? " if tables else ""
        raise ArtbenchError(
            f"{root} holds no folders of pictures",
            mend=f"{hint}A folder needs one folder for each class, with pictures in it",
        )
    if in_splits:
        found = [path for path in found if path.count("/") >= 2]
    return Catalogue(
        title=description.title,
        root=root,
        source=root,
        paths=found,
        files=files,
        columns={"class": [path.split("/")[1 if in_splits else 0] for path in found]},
        wanted=["class"],
        splits=[SPLITS[path.split("/")[0].lower()] for path in found] if in_splits else None,
        several={},
    )
