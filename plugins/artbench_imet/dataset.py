"""iMet as downloaded from Kaggle: two lists and a folder of images."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data import Dataset
from artbench.data.authoring import folders_in, pictures_in, rarest_labels, stratified_share
from artbench.errors import ArtbenchError
from artbench_imet import LAYOUT, SOURCES
from artbench_imet.lists import Attributes, read_lists

TEST_SHARE = 0.2


def open_2019(root: Path) -> Dataset:
    """Read iMet 2019; see `open_imet`."""
    return open_imet(root, name="imet-2019")


def open_2020(root: Path) -> Dataset:
    """Read iMet 2020; see `open_imet`."""
    return open_imet(root, name="imet-2020")


def open_imet(root: Path, *, name: str) -> Dataset:
    """Read the lists and find the images of `train.csv`, without opening any.

    The labels of Kaggle's test images are not public, so a fifth of train is the test: of the images with the same
    rarest attribute, the fifth with the smallest SHA-256 of their ids. The split is the same for every task and for
    partial copies. `Dataset.tables` holds the `Attributes` and, for each listed image, whether it is in the test and
    its row in the dataset, -1 if it is missing.

    Raises:
        ArtbenchError: The folder lacks lists or images, or a list is broken.
    """
    mend = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCES[name]}"
    lists = read_lists(root, dataset=name, mend=mend)
    found = _images(root, name)
    there = sorted(found.keys() & set(lists.images))
    if not there:
        raise ArtbenchError(f"{name}: none of the {len(lists.images):,} images of train.csv is in {root}", mend=mend)
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
            "place": np.array([row.get(id_, -1) for id_ in lists.images], np.int64),
        },
    )


def _images(root: Path, name: str) -> dict[str, tuple[str, int]]:
    """Return file and size of each image, by id. Kaggle's archives unpack to `train`, `train/train` or `train-1`."""
    found: dict[str, tuple[str, int]] = {}
    for folder in folders_in(root, dataset=name):
        if folder.startswith("train"):
            for path, size in sorted(pictures_in(root / folder, dataset=name, depth=1).items()):
                stem = path.rpartition("/")[2].rpartition(".")[0]
                found.setdefault(stem, (f"{folder}/{path}", size))
    return found


def _test(lists: Attributes) -> NDArray[np.bool_]:
    counts = np.append(np.bincount(lists.labels, minlength=len(lists.names)), len(lists.images) + 1)
    rarest = rarest_labels(lists.rows, lists.labels, counts=counts, n=len(lists.images))
    taken = stratified_share(dict(zip(lists.images, rarest.tolist(), strict=True)), fraction=TEST_SHARE)
    return np.array([id_ in taken for id_ in lists.images], bool)
