"""Whether an encoder still knows a picture after what reproduction does to it: `reproduced:TASK` for any task."""

from collections.abc import Callable, Sequence

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, TaskSpec


def no_names() -> Sequence[str]:
    """Return no names: collections are known only by their paths."""
    return ()


def _given(*, paths: bool) -> str:
    return "reproduced:collection:PATH:COLUMN" if paths else "reproduced:TASK"


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the changed pictures of every task, those of collections, whose names hold paths, apart."""
    for name, paths in (("reproduced", False), ("reproduced-collection", True)):
        register(
            Family(
                name=name,
                description=f"test images of another task as reproductions change them: {_given(paths=paths)}",
                resolve=f"artbench_reproduction.family:resolve_dataset{'_by_path' * paths}",
                names=no_names if paths else "artbench_reproduction.family:names",
                reads_paths=paths,
            )
        )


@hookimpl
def register_tasks(register: Callable[[TaskSpec | Family[TaskSpec]], None]) -> None:
    """Register their tasks likewise."""
    for name, paths in (("reproduced", False), ("reproduced-collection", True)):
        register(
            Family(
                name=name,
                description=f"which test image of another task a changed one is: {_given(paths=paths)}, or with @jpeg "
                "and the like behind it for one kind of change",
                resolve=f"artbench_reproduction.family:resolve_task{'_by_path' * paths}",
                names=no_names if paths else "artbench_reproduction.family:names",
                reads_paths=paths,
            )
        )
