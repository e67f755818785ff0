"""iMet as Kaggle gives it: two lists and a folder of pictures."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.authoring.listing import folders_in, pictures_in
from artbench.data.dataset import Dataset
from artbench.data.splits import rarest_labels, stratified_share
from artbench.errors import ArtbenchError
from artbench_imet import LAYOUT, SOURCES
from artbench_imet.lists import Attributes, read_lists

TEST_SHARE = 0.2


def open_2019(root: Path) -> Dataset:
    """Read iMet 2019; as `open_imet`."""
    return open_imet(root, name="imet-2019")


def open_2020(root: Path) -> Dataset:
    """Read iMet 2020; as `open_imet`."""
    return open_imet(root, name="imet-2020")


def open_imet(root: Path, *, name: str) -> Dataset:
    """Read the lists and find the pictures of `train.csv`; opens none.

    The labels of Kaggle's test pictures are not public, so a fifth of train is the test: of the pictures with the
    same rarest attribute the fifth with the smallest SHA-256 of their ids. It is the same for every task, and on a
    partial copy the same as on the whole. `Dataset.tables` holds the `Attributes` and, for each listed picture,
    whether it is in the test and its row in the dataset, -1 where it is not there.

    Raises:
        ArtbenchError: The folder does not hold what it should, or a list is broken.
    """
    mend = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCES[name]}"
    lists = read_lists(root, dataset=name, mend=mend)
    found = _pictures(root, name)
    there = sorted(found.keys() & set(lists.pictures))
    if not there:
        raise ArtbenchError(
            f"{name}: none of the {len(lists.pictures):,} pictures of train.csv is in {root}", mend=mend
        )
    row = {id_: k for k, id_ in enumerate(there)}
    return Dataset(
        name=name,
        root=root,
        ids=there,
        files=[found[id_][0] for id_ in there],
        versions=[str(found[id_][1]) for id_ in there],
        tables={
            "attributes": lists,
            "test": _test(lists),
            "place": np.array([row.get(id_, -1) for id_ in lists.pictures], np.int64),
        },
    )


def _pictures(root: Path, name: str) -> dict[str, tuple[str, int]]:
    """File and size of each picture, by id. Kaggle's archives unpack to `train`, `train/train` or `train-1`."""
    found: dict[str, tuple[str, int]] = {}
    for folder in folders_in(root, dataset=name):
        if folder.startswith("train"):
            for path, size in sorted(pictures_in(root / folder, dataset=name, depth=1).items()):
                stem = path.rpartition("/")[2].rpartition(".")[0]
                found.setdefault(stem, (f"{folder}/{path}", size))
    return found


def _test(lists: Attributes) -> NDArray[np.bool_]:
    counts = np.append(np.bincount(lists.labels, minlength=len(lists.names)), len(lists.pictures) + 1)
    rarest = rarest_labels(lists.rows, lists.labels, counts=counts, n=len(lists.pictures))
    taken = stratified_share(dict(zip(lists.pictures, rarest.tolist(), strict=True)), fraction=TEST_SHARE)
    return np.array([id_ in taken for id_ in lists.pictures], bool)
