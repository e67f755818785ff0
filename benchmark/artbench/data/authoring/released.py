"""Datasets whose publishers list every image, with its split and labels: finding the images, and making targets."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from artbench.data.authoring.listing import check_inside, images_in, listed_path, match_files
from artbench.data.authoring.tables import Table
from artbench.data.dataset import Dataset
from artbench.data.targets import Labels, Split, Targets
from artbench.errors import ArtbenchError

_T = TypeVar("_T")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_SPLITS = ("train", "validation", "test")


def open_listed(
    root: Path,
    listed: Sequence[str],
    *,
    dataset: str,
    folders: Sequence[str],
    mend: str,
    stems: bool = False,
    captions: Sequence[str] | None = None,
    notes: Sequence[str] = (),
    tables: Mapping[str, object] | None = None,
) -> Dataset:
    """Find the images of a published list in the first of some folders that has any, without opening one.

    The ids are the names of the list. `Dataset.tables` has, beside `tables`, the row in the dataset of each listed
    image, `place`, int64, shape (len(listed),), -1 where its file is missing, and `listed`, the names. `Dataset.notes`
    says which folder it is.

    Args:
        root: Folder of the dataset.
        listed: File of each image, relative to one of the folders, each once.
        dataset: Name of the dataset.
        folders: Folders below `root` where the images may lie, `.` for itself, in the order in which they are tried.
        mend: What the folder should hold, for messages.
        stems: Whether the list has names without suffixes.
        captions: What is known of each listed image, to be shown beside it.
        notes: What else its owner should know (`Dataset.notes`).
        tables: Whatever else the tasks read.

    Raises:
        ArtbenchError: Nothing is listed, a name is listed twice, a name or a link leads out of `root`, or none of the
            images is there.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data.authoring import open_listed
        >>> Path("scrolls/images").mkdir(parents=True)
        >>> size = Path("scrolls/images/1.jpg").write_bytes(bytes(9))
        >>> found = open_listed(
        ...     Path("scrolls"), ["1.jpg", "2.jpg"], dataset="scrolls", folders=["images"], mend="Unpack the images"
        ... )
        >>> found.ids, found.files, found.tables["place"].tolist()
        (['1.jpg'], ['images/1.jpg'], [0, -1])
    """
    if not len(listed):
        raise ArtbenchError(f"{dataset}: the list names no image", mend=mend)
    names = [_checked(name, number, dataset, mend) for number, name in enumerate(listed, start=1)]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ArtbenchError(f"{dataset}: the image {twice[0]} is listed {names.count(twice[0])} times", mend=mend)
    depth = max(name.count("/") for name in names)
    for folder in folders:
        check_inside(root / folder, root, dataset=dataset)
        sizes = images_in(root / folder, dataset=dataset, depth=depth)
        keys = (
            {path.rpartition(".")[0]: path for path in sorted(sizes, reverse=True)} if stems else {p: p for p in sizes}
        )
        if found := match_files(names, keys):
            break
    else:
        raise ArtbenchError(f"{dataset}: none of the {len(names):,} images that are listed is in {root}", mend=mend)
    prefix = "" if folder == "." else f"{folder}/"
    there = sorted(found)
    row = {name: number for number, name in enumerate(there)}
    order = {name: number for number, name in enumerate(names)}
    return Dataset(
        name=dataset,
        root=root,
        ids=there,
        files=[prefix + keys[found[name]] for name in there],
        versions=[str(sizes[keys[found[name]]]) for name in there],
        captions=None if captions is None else [captions[order[name]] for name in there],
        notes=[*notes, f"The images are in {folder}" if prefix else "The images are in the folder itself"],
        tables={
            **(tables or {}),
            "place": np.array([row.get(name, -1) for name in names], np.int64),
            "listed": names,
        },
    )


def listed_targets(
    dataset: Dataset,
    *,
    classes: Sequence[str],
    labels: Labels,
    splits: Sequence[str],
    groups: Sequence[str] | None = None,
) -> Targets:
    """Make the targets of a dataset of `open_listed` from the labels and splits of its list.

    Args:
        dataset: The dataset.
        classes: Names of the classes.
        labels: As `Split.labels`, for each listed image.
        splits: `train`, `validation` or `test` of each listed image; anything else for one in none.
        groups: Group of each listed image, such as its painter; None: there are none, or they are what is asked for.

    Examples:
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from artbench.data.authoring import listed_targets, open_listed
        >>> Path("vases").mkdir()
        >>> sizes = [Path(f"vases/{name}.png").write_bytes(bytes(9)) for name in "ab"]
        >>> dataset = open_listed(Path("vases"), ["a.png", "b.png"], dataset="vases", folders=["."], mend="")
        >>> targets = listed_targets(
        ...     dataset, classes=["red", "black"], labels=np.array([1, 0]), splits=["test", "train"]
        ... )
        >>> targets.test.labels.tolist(), targets.train.rows.tolist()
        ([1], [1])
    """
    place, listed = np.asarray(dataset.tables["place"]), cast("Sequence[str]", dataset.tables["listed"])
    parts = np.array(splits, object)

    def split(name: str) -> Split:
        chosen = np.flatnonzero((parts == name) & (place >= 0))
        # In the order of the dataset, which no list's order changes.
        chosen = chosen[np.argsort(place[chosen])]
        return Split(rows=place[chosen], labels=labels[chosen])

    missing = [number for number in np.flatnonzero(place < 0).tolist() if parts[number] in _SPLITS]
    of_rows = None
    if groups is not None:
        of_rows = [""] * len(dataset)
        for row, group in zip(place.tolist(), groups, strict=True):
            if row >= 0:
                of_rows[row] = group
    return Targets(
        classes=tuple(classes),
        train=split("train"),
        test=split("test"),
        validation=split("validation") if "validation" in splits else None,
        missing=[listed[number] for number in missing],
        missing_splits=[str(parts[number]) for number in missing],
        groups=of_rows,
    )


def mapped(table: Table, column: str, values: Mapping[str, _T], *, dataset: str, mend: str = "") -> list[_T]:
    r"""Return what each value of a column stands for.

    Args:
        table: The list.
        column: Name of the column.
        values: What each value that may occur stands for, such as the number of a class or the name of a split.
        dataset: Name of the dataset, for messages.
        mend: What to do about another value.

    Raises:
        ArtbenchError: There is no such column, or a row has another value; names the line.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data.authoring import mapped, read_table
        >>> size = Path("scrolls.csv").write_text("image,set\n1.jpg,dev\n", encoding="utf-8")
        >>> table = read_table(Path("scrolls.csv"), dataset="scrolls")
        >>> mapped(table, "set", {"train": "train", "dev": "validation"}, dataset="scrolls")
        ['validation']
    """
    found = []
    for value, line in zip(table.column(column, dataset=dataset), table.lines, strict=True):
        if value not in values:
            known = " or ".join(values) if len(values) < 10 else f"one of {len(values):,} values"
            raise ArtbenchError(
                f"{dataset}: {table.file}, line {line}: {column} is {value[:60]!r}, not {known}", mend=mend
            )
        found.append(values[value])
    return found


def present(table: Table, labels: Sequence[str], *, dataset: str) -> NDArray[np.bool_]:
    r"""Return which labels each row has, of a table with a column of numbers for each: above 0 is present.

    Returns:
        bool, shape (len(table), len(labels)).

    Raises:
        ArtbenchError: A column is missing, or a value is no number; names the line.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data.authoring import present, read_table
        >>> size = Path("saints.csv").write_text("item,Peter,Paul\n7,1,-1\n", encoding="utf-8")
        >>> present(read_table(Path("saints.csv"), dataset="saints"), ["Peter", "Paul"], dataset="saints").tolist()
        [[True, False]]
    """
    found = np.zeros((len(table), len(labels)), bool)
    for number, label in enumerate(labels):
        for row, (value, line) in enumerate(zip(table.column(label, dataset=dataset), table.lines, strict=True)):
            if not _NUMBER.fullmatch(value):
                raise ArtbenchError(
                    f"{dataset}: {table.file}, line {line}: {label} is {value[:60]!r}, not a number",
                    mend="Write 1 for a label that is there, and 0 for one that is not",
                )
            found[row, number] = float(value) > 0
    return found


def _checked(name: str, number: int, dataset: str, mend: str) -> str:
    try:
        return listed_path(name)
    except ValueError as error:
        raise ArtbenchError(
            f"{dataset}: the list names the image {name[:100]!r} (number {number:,}): {error}", mend=mend
        ) from error
