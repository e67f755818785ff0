"""KaoKore as its authors' program arranges it: a list, and a folder of faces."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from artbench.data import Dataset, Targets
from artbench.data.authoring import Table, find_list, listed_targets, mapped, open_listed, read_table
from artbench.errors import ArtbenchError
from artbench_kaokore import LAYOUT, ROWS, SIZES, SOURCE

GENDERS = ("male", "female")
STATUSES = ("noble", "warrior", "incarnation", "commoner")
SPLITS = {"train": "train", "dev": "validation", "test": "test"}


def open_1_0(root: Path) -> Dataset:
    """Read release 1.0, that of the paper; see `open_kaokore`."""
    return open_kaokore(root, release="1.0")


def open_1_3(root: Path) -> Dataset:
    """Read release 1.3; see `open_kaokore`."""
    return open_kaokore(root, release="1.3")


def open_kaokore(root: Path, *, release: str) -> Dataset:
    """Read `labels.csv` and find the faces, without opening any.

    Releases number their images anew, so a list that is as long as another release's is refused.

    Raises:
        ArtbenchError: The folder lacks list or images, the list is broken, or it is of another release.
    """
    name = f"kaokore-{release}"
    mend = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"
    table = read_table(find_list(root, "labels.csv", dataset=name, mend=mend), dataset=name)
    other = next((other for other, rows in ROWS.items() if other != release and rows == len(table)), None)
    if other is not None:
        own = f"Use the tasks of kaokore-{other}, or the" if other in SIZES else "Use the"
        raise ArtbenchError(
            f"{name}: {table.file} has the {len(table):,} rows of release {other}",
            mend=f"{own} list and the images of release {release}",
        )
    return open_listed(
        root,
        table.column("image", dataset=name),
        dataset=name,
        folders=("images_256", "images", "."),
        mend=mend,
        tables={"list": table},
    )


def gender_targets(dataset: Dataset) -> Targets:
    """Return the gender of each face."""
    return _targets(dataset, "gender", GENDERS)


def status_targets(dataset: Dataset) -> Targets:
    """Return the social status of each face."""
    return _targets(dataset, "status", STATUSES)


def labels_of(dataset: Dataset, column: str, classes: Sequence[str]) -> NDArray[np.int64]:
    """Return the class of each listed face, of `gender` or `status`."""
    numbers = {str(number): number for number in range(len(classes))}
    return np.array(mapped(cast("Table", dataset.tables["list"]), column, numbers, dataset=dataset.name), np.int64)


def splits_of(dataset: Dataset) -> list[str]:
    """Return the official split of each listed face."""
    return mapped(cast("Table", dataset.tables["list"]), "set", SPLITS, dataset=dataset.name)


def _targets(dataset: Dataset, column: str, classes: Sequence[str]) -> Targets:
    return listed_targets(
        dataset, classes=classes, labels=labels_of(dataset, column, classes), splits=splits_of(dataset)
    )
