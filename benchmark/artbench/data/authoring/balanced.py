"""Targets of tasks that ask whether pictures of one class or of one museum are near each other."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artbench.data.cells import balanced
from artbench.data.dataset import Dataset
from artbench.data.targets import Split, Targets
from artbench.errors import ArtbenchError


def balanced_targets(
    dataset: Dataset,
    rows: NDArray[np.int64],
    *,
    classes: Sequence[str],
    origins: Sequence[str],
    objects: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> Targets:
    """Return targets of equally many pictures of each class from each origin, such as its museum.

    Of each object one picture is taken, and of each class and origin the same number, from 5 to 50 (`cells.balanced`).
    Classes from one origin alone, and the like, are left out.

    Args:
        dataset: The dataset.
        rows: Rows to choose from, int64, shape (n,): those of the test, which no encoder should have seen.
        classes: Class of each row of the dataset, empty if unknown.
        origins: Its origin, empty if unknown.
        objects: What it shows; pictures of one object have the same value. None: no two show the same.
        groups: Its group, such as its painter, by which intervals are clustered where the task says so.

    Raises:
        ArtbenchError: There are not two classes with five pictures each from the same two origins.

    Examples:
        >>> import numpy as np
        >>> from pathlib import Path
        >>> from artbench.data import Dataset
        >>> from artbench.data.authoring import balanced_targets
        >>> files = [f"{number}.jpg" for number in range(20)]
        >>> dataset = Dataset(name="etchings", root=Path("etchings"), ids=files, files=files)
        >>> found = balanced_targets(
        ...     dataset,
        ...     np.arange(20),
        ...     classes=["etching", "oil"] * 10,
        ...     origins=["north"] * 10 + ["south"] * 10,
        ... )
        >>> found.classes, len(found.test), found.origins[-1]
        (('etching', 'oil'), 20, 'south')
    """
    given = rows.tolist()
    try:
        chosen = balanced(
            [classes[row] for row in given],
            [origins[row] for row in given],
            [dataset.ids[row] for row in given],
            objects=None if objects is None else [objects[row] for row in given],
        )
    except ArtbenchError as error:
        raise ArtbenchError(f"{dataset.name}: {error.message}", mend=error.mend) from error
    taken = rows[chosen]
    names = tuple(sorted({classes[row] for row in taken.tolist()}))
    number = {name: at for at, name in enumerate(names)}
    split = Split(rows=taken, labels=np.array([number[classes[row]] for row in taken.tolist()], np.int64))
    return Targets(classes=names, train=split, test=split, origins=origins, groups=groups)
