"""Prints with more foxing the worse they are kept, painted by code."""

from pathlib import Path

import numpy as np
from PIL import Image

from artbench import ArtbenchError
from artbench.data import Dataset, Split, Targets

GRADES = ("1", "2", "3", "4", "5")


def paint(root: Path) -> None:
    """Paint 100 prints, hatched in ink on paper, with five stains more or less for each grade."""
    rng = np.random.default_rng(0)
    for number, grade in enumerate(list(range(5)) * 20):
        picture = np.full((64, 64, 3), (235, 225, 200)) + rng.normal(0, 6, (64, 64, 1))
        picture[:: rng.integers(3, 9)] -= 90
        for y, x in rng.integers(0, 60, (5 * (5 - grade) + rng.integers(0, 3), 2)):
            picture[y : y + 4, x : x + 4] = (160, 110, 60)
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(root / f"{number:03}-{GRADES[grade]}.png")


def read(root: Path) -> Dataset:
    """Read the names of the prints."""
    names = sorted(file.name for file in root.glob("???-?.png"))
    if not names:
        raise ArtbenchError(f"no prints in {root}", mend="Leave --data prints out: artbench paints them")
    return Dataset(name="prints", root=root, ids=names, files=names)


def preservation(dataset: Dataset) -> Targets:
    """The grade that a name ends in; every fourth print is tested."""
    labels = np.array([GRADES.index(name[4]) for name in dataset.ids], np.int64)
    tested = np.arange(len(labels)) % 4 == 3
    train, test = (Split(rows=np.flatnonzero(part), labels=labels[part]) for part in (~tested, tested))
    return Targets(classes=GRADES, train=train, test=test)
