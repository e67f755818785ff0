"""A collection without a table: its folders are classes, or it has no labels."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from artbench.data.authoring.listing import PICTURE_SUFFIXES, picture_id, pictures_in
from artbench.data.authoring.tables import SUFFIXES
from artbench.errors import ArtbenchError
from artbench_collection.catalogue import Catalogue
from artbench_collection.description import Description
from artbench_collection.listed import SPLITS

# A text is rarely a table.
_LISTS = (SUFFIXES | {".toml"}) - {".txt"}


def read_folders(description: Description) -> Catalogue:
    """Find the pictures in a folder and all folders below it.

    Where these are named for splits, they are the splits, and the folders in them classes; else the folders are
    classes. There are no labels where the description says so, or the folders can't be classes (`_why_unlabelled`).

    Raises:
        ArtbenchError: There are no pictures, a folder can't be read, or the labels seem to be in a table there.
    """
    root = description.pictures
    files = {picture_id(path): path for path in pictures_in(root, dataset=description.title, depth=None)}
    if not files:
        raise ArtbenchError(
            f"{root} holds no pictures",
            mend=f"{_is_it(root)}They are known by their names, which end in {', '.join(sorted(PICTURE_SUFFIXES))}",
        )
    split_of = {path: SPLITS.get(path.split("/")[0].lower(), "") for path in files if "/" in path}
    in_splits = {"train", "test"} <= set(split_of.values()) and all(split_of.values())
    class_at = 1 if in_splits else 0
    classed = {path: path.split("/")[class_at] for path in sorted(files) if path.count("/") > class_at}
    why = "its TOML says labels = []"
    if description.labels != ():
        why = _why_unlabelled(classed, beside=len(split_of if in_splits else files) - len(classed))
        if why and (hint := _is_it(root)):
            # What a task of that table tests on must not be taken for pictures to train on.
            raise ArtbenchError(
                f"{root}: {why}, but there may be labels in a table that lies there",
                mend=f"{hint}If there are none, write labels = [] into {root / 'collection.toml'}",
            )
    found = sorted(split_of if in_splits else files) if why else list(classed)
    return Catalogue(
        title=description.title,
        root=root,
        source=root,
        paths=found,
        files=files,
        columns={} if why else {"class": list(classed.values())},
        wanted=[] if why else ["class"],
        splits=[split_of[path] for path in found] if in_splits else None,
        several={},
        unlabelled=why,
    )


def _why_unlabelled(classed: Mapping[str, str], *, beside: int) -> str:
    """Why folders can't be classes; empty where they can.

    Args:
        classed: The folder of each picture that is in one.
        beside: How many pictures are in none.
    """
    sizes = Counter(classed.values())
    if not sizes:
        return "its pictures are in no folders that could be classes"
    if beside > len(classed):
        return "more of its pictures lie beside the folders than in them"
    if len(sizes) == 1:
        return f"its pictures are all in one folder, {next(iter(sizes))}"
    return "each of its folders holds one picture" if max(sizes.values()) == 1 else ""


def _is_it(root: Path) -> str:
    """Which collection may be meant where a table or a TOML lies in the folder; else empty."""
    lists = sorted(
        entry.name
        for entry in root.iterdir()
        if entry.suffix.lower() in _LISTS and not entry.name.startswith(".") and entry.name != "collection.toml"
    )
    return f"Is it collection:{root / lists[0]}? " if lists else ""
