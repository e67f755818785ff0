"""A column of a collection against one that says which museum each image is from: `COLUMN@MUSEUM`."""

from collections.abc import Sequence
from typing import cast

import numpy as np

from artbench.data import Dataset, Targets
from artbench.data.authoring import balanced_targets
from artbench.errors import ArtbenchError
from artbench_collection.catalogue import Catalogue

AGAINST = "@"


def columns_of(asked: str, catalogue: Catalogue) -> tuple[str, str] | None:
    """Return the column of classes and that of museums that `style@museum` names; None if it names one column.

    Raises:
        ArtbenchError: There is no such column, or it has several values in a cell, or years.
    """
    classes, sign, museum = asked.rpartition(AGAINST)
    if not sign or asked in catalogue.columns:
        return None
    if not classes or not museum:
        raise ArtbenchError(
            f"{catalogue.name}: {asked!r} names no column on one side of the @",
            mend=f"Write COLUMN@MUSEUM; there are {', '.join(catalogue.columns)}",
        )
    for column in (classes, museum):
        catalogue.check_column(column)
        if column in (*catalogue.several, *catalogue.years, *catalogue.same):
            raise ArtbenchError(
                f"{catalogue.name}: the column {column!r} does not say one class or museum for each image",
                mend="Name a column with one value in a cell",
            )
    if classes == museum:
        raise ArtbenchError(f"{catalogue.name}: {asked!r} names one column twice", mend="Name another after the @")
    return classes, museum


def museum_targets(dataset: Dataset, *, column: str, museum: str, catalogue: Catalogue) -> Targets:
    """Return equally many images of each class and museum: of the test, or of all images where there are no splits.

    Raises:
        ArtbenchError: There are not two classes with enough images from the same two museums.
    """
    of_images = cast("Sequence[int]", dataset.tables["row"])

    def held(cells: Sequence[str]) -> list[str]:
        return [cells[row] for row in of_images]

    named = catalogue.splits
    rows = [at for at, row in enumerate(of_images) if named is None or named[row] == "test"]
    same = next(iter(catalogue.same), None)
    return balanced_targets(
        dataset,
        np.array(rows, np.int64),
        classes=held(catalogue.columns[column]),
        origins=held(catalogue.columns[museum]),
        objects=None if same is None else held(catalogue.columns[same]),
        groups=None if catalogue.groups is None else held(catalogue.groups),
    )
