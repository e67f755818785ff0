"""Whether an encoder still knows a picture after what reproduction does to it: `reproduced:TASK` for any task."""

from collections.abc import Callable, Sequence

from artbench import hookimpl
from artbench.specs import DatasetSpec, Family, TaskSpec


def no_names() -> Sequence[str]:
    """Return no names: there is one for every task."""
    return ()


@hookimpl
def register_datasets(register: Callable[[DatasetSpec | Family[DatasetSpec]], None]) -> None:
    """Register the changed pictures of every task, those of collections, whose names hold paths, apart."""
    for name, paths in (("reproduced", False), ("reproduced-collection", True)):
        register(
            Family(
                name=name,
                description="test images of another task as reproductions change them: reproduced:TASK",
                resolve=f"artbench_reproduction.family:resolve_dataset{'_by_path' * paths}",
                names=no_names,
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
                description="which test image of another task a changed one is: reproduced:TASK, or one kind of "
                "change as reproduced:TASK@jpeg",
                resolve=f"artbench_reproduction.family:resolve_task{'_by_path' * paths}",
                names=no_names,
                reads_paths=paths,
            )
        )
