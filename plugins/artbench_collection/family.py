"""The specs of `collection:PATH` and `collection:PATH:COLUMN`; `collection:NAME=PATH` has another name on record."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import cast

from artbench.data import Dataset
from artbench.errors import UsageError
from artbench.specs import DatasetSpec, TargetKind, TaskSpec
from artbench_collection.catalogue import Catalogue
from artbench_collection.dataset import open_collection
from artbench_collection.museums import AGAINST, columns_of, museum_targets
from artbench_collection.reading import read_catalogue
from artbench_collection.same import same_targets
from artbench_collection.targets import collection_targets

PREFIX = "collection:"


def resolve_dataset(name: str) -> DatasetSpec | None:
    """Return the collection at the path in `name`; None if it names no collection.

    Raises:
        ArtbenchError: There is nothing at the path, or it can't be read.
    """
    if not name.startswith(PREFIX):
        return None
    title, path, column = _parts_of(name)
    if column is not None:
        raise UsageError(f"{name!r} names a task", mend=f"The dataset is {PREFIX}{path}")
    catalogue = _catalogue(path, title)
    return DatasetSpec(
        name=name,
        description=f"the collection {catalogue.title}",
        factory=partial(open_collection, catalogue=catalogue),
        source=str(path),
        layout="what its table lists",
        folder=catalogue.root,
        remarks=catalogue.remarks(),
        training=None if catalogue.labels() else partial(_training, catalogue=catalogue),
    )


def resolve_task(name: str) -> TaskSpec | None:
    """Return the task of a column; the column may be left out if the collection has only one of labels.

    On record the task is `collection:<title>:<column>`, without the path. `style@museum` stands for the museum bias of
    two columns.

    Raises:
        ArtbenchError: As `resolve_dataset`, or the collection has no such column.
    """
    if not name.startswith(PREFIX):
        return None
    title, path, column = _parts_of(name)
    catalogue = _catalogue(path, title)
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
    against = columns_of(column, catalogue)
    if against is not None:
        return _against(catalogue, *against, dataset=_dataset_name(title, path))
    catalogue.check_column(column)
    return _task(catalogue, column, dataset=_dataset_name(title, path))


def expand(name: str) -> Sequence[str]:
    """Return a task for each column of labels if `name` is a collection; else nothing."""
    if not name.startswith(PREFIX):
        return ()
    title, path, column = _parts_of(name)
    if column is not None:
        return ()
    return [f"{_dataset_name(title, path)}:{label}" for label in _catalogue(path, title).labels()]


def _training(dataset: Dataset, *, catalogue: Catalogue) -> Sequence[int]:
    """Return the rows of the dataset to pretrain on."""
    wanted = set(catalogue.training())
    return [place for place, row in enumerate(cast("Sequence[int]", dataset.tables["row"])) if row in wanted]


def _task(catalogue: Catalogue, column: str, *, dataset: str) -> TaskSpec:
    target: TargetKind = "single-label"
    metric, factory, clustered = "accuracy", collection_targets, catalogue.keeps_groups(column)
    if column in catalogue.same:
        target, metric, factory, clustered = "retrieval", "retrieval_map", same_targets, True
    elif column in catalogue.several:
        target, metric = "multi-label", "mean_average_precision"
    elif column in catalogue.years:
        target, metric = "year", "mean_absolute_error"
    return TaskSpec(
        name=f"{catalogue.name}:{column}",
        description=f"the column {column} of {catalogue.title}",
        dataset=dataset,
        target=target,
        primary_metric=metric,
        clustered=clustered,
        prompts=catalogue.prompts.get(column),
        factory=partial(factory, column=column, catalogue=catalogue),
    )


def _against(catalogue: Catalogue, column: str, museum: str, *, dataset: str) -> TaskSpec:
    return TaskSpec(
        name=f"{catalogue.name}:{column}{AGAINST}{museum}",
        description=f"whether images of one {column} are nearer than those of one {museum} of {catalogue.title}",
        dataset=dataset,
        target="museum-bias",
        primary_metric="robustness_index",
        clustered=catalogue.groups is not None,
        factory=partial(museum_targets, column=column, museum=museum, catalogue=catalogue),
    )


def _dataset_name(title: str, path: Path) -> str:
    return f"{PREFIX}{title}={path}" if title else f"{PREFIX}{path}"


def _catalogue(path: Path, title: str) -> Catalogue:
    catalogue = read_catalogue(path)
    return replace(catalogue, title=title) if title else catalogue


def _parts_of(name: str) -> tuple[str, Path, str | None]:
    """Return the name to have on record, empty for its own, the path, and the column, if any."""
    text = name.removeprefix(PREFIX)
    found = _path_and_column(text)
    if found is not None:
        return "", *found
    for at in (place for place, sign in enumerate(text) if place and sign == "="):
        if found := _path_and_column(text[at + 1 :]):
            return text[:at], *found
    before, colon, _ = text.rpartition(":")
    missing = text if not colon or len(before) < 2 else before
    raise UsageError(
        f"{name!r}: there is nothing at {missing!r}",
        mend=f"{_nearest(Path(missing).expanduser())}Give collection:PATH or collection:PATH:COLUMN, with the path of "
        "a folder, a table or a TOML",
    )


def _nearest(path: Path) -> str:
    """Return a hint at what lies beside a path that is not there and is called nearly the same; else empty."""
    try:
        beside = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    near = get_close_matches(path.name, beside, n=1, cutoff=0.7)
    return f"Is it {path.parent / near[0]}? " if near else ""


def _path_and_column(text: str) -> tuple[Path, str | None] | None:
    path = Path(text).expanduser()
    if text and _is_there(path):
        return path, None
    before, colon, column = text.rpartition(":")
    if colon and before and _is_there(Path(before).expanduser()):
        return Path(before).expanduser(), column
    return None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # With a column, a path may be longer than any can be.
        return False
