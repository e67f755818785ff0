"""Collections without a table: folders are classes, or there are no labels."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from artbench.data.authoring import IMAGE_SUFFIXES, TABLE_SUFFIXES, image_id, images_in
from artbench.errors import ArtbenchError
from artbench_collection.catalogue import Catalogue
from artbench_collection.description import Description
from artbench_collection.listed import SPLITS, whole_splits

# A .txt file is rarely a table.
_LISTS = (TABLE_SUFFIXES | {".toml"}) - {".txt"}


def read_folders(description: Description) -> Catalogue:
    """Find the images in a folder and all folders below it.

    If these are named like splits, they are the splits, and the folders in them are classes; else they are classes.
    There are no labels if the description says so, or if the folders can't be classes (`_why_unlabelled`).

    Raises:
        ArtbenchError: There are no images, a folder can't be read, or a table there seems to hold labels.
    """
    root = description.pictures
    files = {image_id(path): path for path in images_in(root, dataset=description.title, depth=None)}
    if not files:
        raise ArtbenchError(
            f"{root} holds no images",
            mend=f"{_table_hint(root)}They are known by their names, which end in {', '.join(sorted(IMAGE_SUFFIXES))}",
        )
    split_of = {path: SPLITS.get(path.split("/")[0].lower(), "") for path in files if "/" in path}
    names = sorted({path.split("/")[0] for path in split_of})
    in_splits = len(set(split_of.values())) > 1 and all(split_of.values())
    understood: tuple[str, ...] = ()
    if in_splits:
        split_of, said = whole_splits(split_of, where=str(root))
        understood = (f"the folders {', '.join(names)} are taken for splits, and folders in them for classes{said}",)
    class_at = 1 if in_splits else 0
    classed = {path: path.split("/")[class_at] for path in sorted(files) if path.count("/") > class_at}
    why = "its TOML says labels = []"
    if description.labels != ():
        why = _why_unlabelled(classed, beside=len(split_of if in_splits else files) - len(classed))
        if why and (hint := _table_hint(root)):
            # The test images of that table's task must not be pretrained on.
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
        understood=understood,
    )


def _why_unlabelled(classed: Mapping[str, str], *, beside: int) -> str:
    """Return why folders can't be classes; empty if they can.

    Args:
        classed: Folder of each image that is in one.
        beside: Number of images in none.
    """
    sizes = Counter(classed.values())
    if not sizes:
        return "its images are in no folders that could be classes"
    if beside > len(classed):
        return "more of its images lie beside the folders than in them"
    if len(sizes) == 1:
        return f"its images are all in one folder, {next(iter(sizes))}"
    return "each of its folders holds one image" if max(sizes.values()) == 1 else ""


def _table_hint(root: Path) -> str:
    """Return a hint at a table or TOML in the folder; empty if there is none."""
    lists = lists_in(root)
    return f"Is it collection:{root / lists[0]}? " if lists else ""


def lists_in(root: Path) -> list[str]:
    """Return the names of tables and TOMLs in a folder, without `collection.toml`, sorted."""
    return sorted(
        entry.name
        for entry in root.iterdir()
        if entry.suffix.lower() in _LISTS and not entry.name.startswith(".") and entry.name != "collection.toml"
    )
