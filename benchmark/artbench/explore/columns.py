"""What a collection's owner says of its pictures: by column, or from the labels of tasks."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from artbench.data.opening import DatasetWithTasks
from artbench.data.targets import Targets
from artbench.explain.map.contents import in_words
from artbench.plugins.known import form_of

# Name of the column of folders, for a collection of which nothing else is known.
FOLDER = "folder"
_NUMBER = re.compile(r"\s*[-+]?\d{1,12}(\.\d{1,6})?\s*")
# Share of the values that must be numbers, and how many different ones, for a column of numbers.
_NUMBERS, _FEWEST_NUMBERS = 0.9, 10


def columns_of(opened: DatasetWithTasks, rows: NDArray[np.int64]) -> dict[str, list[str]]:
    """Return what is known of the images in some rows, by the name of the column; empty texts where nothing is.

    It is what the dataset's own list says; else the labels of its tasks in words, called by what their names have in
    addition to the dataset's; else the folders of the images, if there are several.
    """
    dataset, chosen = opened.dataset, rows.tolist()
    if dataset.columns:
        named = {name: [values[row] for row in chosen] for name, values in dataset.columns.items()}
        return {name: values for name, values in named.items() if any(values)}
    found: dict[str, list[str]] = {}
    for name, targets in opened.targets.items():
        # Which pictures belong together says nothing of one of them.
        if form_of(opened.tasks[name].target) == "ranking":
            continue
        column = _column_of(name, opened)
        of_row = _labels_in_words(targets)
        found[column] = [of_row.get(row, "") for row in chosen]
    if found:
        return {name: values for name, values in found.items() if any(values)}
    folders = [str(PurePosixPath(dataset.ids[row]).parent) for row in chosen]
    return {FOLDER: ["" if folder == "." else folder for folder in folders]} if len(set(folders)) > 1 else {}


def several_valued(opened: DatasetWithTasks, columns: Iterable[str]) -> frozenset[str]:
    """Return the columns that give a picture several labels, according to the tasks."""
    tasks = [name for name, targets in opened.targets.items() if targets.test.labels.ndim == 2]
    return frozenset(column for column in columns if any(column == _column_of(task, opened) for task in tasks))


def _column_of(task: str, opened: DatasetWithTasks) -> str:
    """Return what a task's name has in addition to its dataset's: `style` of `sample-style`, a collection's column."""
    own = task.removeprefix(opened.spec.name).removeprefix(opened.dataset.name)
    return re.sub(r"^[-_:/. ]+", "", own) or task


def _labels_in_words(targets: Targets) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in (targets.train, targets.validation, targets.test):
        if part is not None:
            found |= dict(zip(part.rows.tolist(), in_words(part.labels, targets.classes), strict=True))
    return found


def is_numeric(values: Sequence[str]) -> bool:
    """Whether a column holds numbers, such as years, and not a few codes.

    Examples:
        >>> is_numeric([str(year) for year in range(1600, 1700)]), is_numeric(["1", "2"] * 50)
        (True, False)
    """
    given = [value for value in values if value]
    numbers = {value for value in given if _NUMBER.fullmatch(value)}
    held = sum(value in numbers for value in given)
    return len(numbers) >= _FEWEST_NUMBERS and held >= _NUMBERS * len(given)


def repeats(values: Sequence[str]) -> bool:
    """Whether the values of a column can be colours or classes: on average two or more pictures have each."""
    counts = Counter(filter(None, values))
    return len(counts) > 1 and 2 * len(counts) <= counts.total()


def coded(columns: Mapping[str, Sequence[str]]) -> dict[str, tuple[list[str], NDArray[np.int32]]]:
    """Return the different values of each column, the commonest first, and the number of each picture's; -1: none."""
    found = {}
    for name, values in columns.items():
        counts = Counter(filter(None, values))
        different = sorted(counts, key=lambda value: (-counts[value], value))
        number = {value: at for at, value in enumerate(different)}
        found[name] = different, np.array([number.get(value, -1) for value in values], np.int32)
    return found
