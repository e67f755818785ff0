"""A column of a collection that says which images show the same thing, as a task of retrieval."""

from collections import Counter
from collections.abc import Sequence
from typing import cast

import numpy as np

from artbench.data import Dataset, Split, Targets
from artbench.errors import ArtbenchError
from artbench_collection.catalogue import Catalogue

# Name of the column, if no TOML names one.
SAME = "same_object"


def same_targets(dataset: Dataset, *, column: str, catalogue: Catalogue) -> Targets:
    """Return which images have equal values in a column; an image without a value, or with one of its own, has none.

    Without splits every image is a query to all others. With splits the images of `test` are queries to those of
    `train`.

    Raises:
        ArtbenchError: No value occurs twice.
    """
    cells = catalogue.columns[column]
    counts = Counter(cell for cell in cells if cell)
    classes = tuple(sorted(cell for cell, count in counts.items() if count > 1))
    if not classes:
        raise ArtbenchError(
            f"{catalogue.name}: no value of the column {column!r} of {catalogue.source} is there twice",
            mend="Images that belong together have the same value in it",
        )
    number = {name: k for k, name in enumerate(classes)}
    of_images = cast("Sequence[int]", dataset.tables["row"])
    labels = np.array([number.get(cells[row], -1) for row in of_images], np.int64)

    def split(part: str) -> Split:
        named = catalogue.splits
        rows = np.array([at for at, row in enumerate(of_images) if named is None or named[row] == part], np.int64)
        return Split(rows=rows, labels=labels[rows])

    missing = cast("Sequence[int]", dataset.tables["missing"])
    return Targets(
        classes=classes,
        train=split("train"),
        test=split("test"),
        groups=[cells[row] if cells[row] in number else "" for row in of_images],
        missing=[catalogue.paths[row] for row in missing],
        missing_splits=[] if catalogue.splits is None else [catalogue.splits[row] for row in missing],
    )
