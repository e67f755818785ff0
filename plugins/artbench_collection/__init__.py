"""A user's own collection: `collection:PATH`, folders of classes or a table, one task per column of labels."""

from collections.abc import Callable, Sequence

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, TaskSpec


def no_names() -> Sequence[str]:
    """Return no names: a collection is known only by its path."""
    return ()


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register collections as one family."""
    register(
        Family(
            name="collection",
            description="your own: collection:PATH, a folder of class folders, a CSV or Parquet table, or a TOML",
            resolve="artbench_collection.family:resolve_dataset",
            names=no_names,
            reads_paths=True,
        )
    )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register their tasks as one family."""
    register(
        Family(
            name="collection",
            description="your own: collection:PATH for all columns of labels, collection:PATH:COLUMN for one",
            resolve="artbench_collection.family:resolve_task",
            names=no_names,
            reads_paths=True,
            expand="artbench_collection.family:expand",
        )
    )
