"""The specs of `collection:PATH` and `collection:PATH:COLUMN`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from artbench.data import Dataset
from artbench.errors import UsageError
from artbench.specs import DatasetSpec, TargetKind, TaskSpec
from artbench_collection.catalogue import Catalogue
from artbench_collection.dataset import open_collection
from artbench_collection.reading import read_catalogue
from artbench_collection.targets import collection_targets

PREFIX = "collection:"


def resolve_dataset(name: str) -> DatasetSpec | None:
    """Return the collection at the path in `name`; None if it names no collection.

    Raises:
        ArtbenchError: There is nothing at the path, or it can't be read.
    """
    if not name.startswith(PREFIX):
        return None
    path, column = _path_and_column(name)
    if column is not None:
        raise UsageError(f"{name!r} names a task", mend=f"The dataset is {PREFIX}{path}")
    catalogue = read_catalogue(path)
    return DatasetSpec(
        name=name,
        description=f"the collection {catalogue.title}",
        factory=partial(open_collection, catalogue=catalogue),
        source=str(path),
        layout="what its table lists",
        folder=catalogue.root,
        training=None if catalogue.labels() else partial(_training, catalogue=catalogue),
    )


def resolve_task(name: str) -> TaskSpec | None:
    """Return the task of a column; the column may be left out if the collection has only one of labels.

    On record the task is `collection:<title>:<column>`, without the path.

    Raises:
        ArtbenchError: As `resolve_dataset`, or the collection has no such column.
    """
    if not name.startswith(PREFIX):
        return None
    path, column = _path_and_column(name)
    catalogue = read_catalogue(path)
    if column is None:
        columns = catalogue.labels()
        if not columns:
            raise catalogue.no_task()
        if len(columns) > 1:
            names = ", ".join(columns)
            raise UsageError(
                f"{catalogue.name} has several columns of labels: {names}",
                mend=f"Name one as {PREFIX}{path}:{columns[0]}",
            )
        column = columns[0]
    catalogue.check_column(column)
    return _task(catalogue, column, dataset=f"{PREFIX}{path}")


def expand(name: str) -> Sequence[str]:
    """Return a task for each column of labels if `name` is a collection; else nothing."""
    if not name.startswith(PREFIX):
        return ()
    path, column = _path_and_column(name)
    return [f"{PREFIX}{path}:{label}" for label in read_catalogue(path).labels()] if column is None else ()


def _training(dataset: Dataset, *, catalogue: Catalogue) -> Sequence[int]:
    """Return the rows of the dataset to pretrain on."""
    wanted = set(catalogue.training())
    return [place for place, row in enumerate(cast("Sequence[int]", dataset.tables["row"])) if row in wanted]


def _task(catalogue: Catalogue, column: str, *, dataset: str) -> TaskSpec:
    target: TargetKind = "single-label"
    metric = "accuracy"
    if column in catalogue.several:
        target, metric = "multi-label", "mean_average_precision"
    elif column in catalogue.years:
        target, metric = "year", "mean_absolute_error"
    return TaskSpec(
        name=f"{catalogue.name}:{column}",
        description=f"the column {column} of {catalogue.title}",
        dataset=dataset,
        target=target,
        primary_metric=metric,
        clustered=catalogue.keeps_groups(column),
        factory=partial(collection_targets, column=column, catalogue=catalogue),
    )


def _path_and_column(name: str) -> tuple[Path, str | None]:
    text = name.removeprefix(PREFIX)
    path = Path(text).expanduser()
    if text and _is_there(path):
        return path, None
    before, colon, column = text.rpartition(":")
    if colon and before and _is_there(Path(before).expanduser()):
        return Path(before).expanduser(), column
    missing = text if not colon or len(before) < 2 else before
    raise UsageError(
        f"{name!r}: there is nothing at {missing!r}",
        mend="Give collection:PATH or collection:PATH:COLUMN, with the path of a folder, a table or a TOML",
    )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # With a column, a path may be longer than any can be.
        return False
