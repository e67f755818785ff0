"""`check_dataset`: does a dataset keep the contract?"""

from collections.abc import Sequence
from pathlib import Path

from artbench.plugins.loading import Registry
from artbench.specs import DatasetSpec, TaskSpec
from artbench.testing.checks import examined
from artbench.testing.dataset_files import FILE_CHECKS
from artbench.testing.dataset_ids import ID_CHECKS
from artbench.testing.finding import Finding, demand
from artbench.testing.lookup import PathLike, folder_of, registered
from artbench.testing.read_dataset import make_read
from artbench.testing.splits import splits_checks


def check_dataset(spec: DatasetSpec | str, root: Path | None = None, *, plugins: Sequence[PathLike] = ()) -> None:
    """Read a dataset and put it to every check.

    Args:
        spec: The dataset, or its name among what plugins register.
        root: The folder with its pictures: a small one, made by the test, will do. None: where `ARTBENCH_DATA` has it,
            or made by its own code.
        plugins: Python files that hold plugins, beside those that are installed.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No dataset is called that, or nothing says where its pictures are.
        ArtbenchError: There is no such folder.
    """
    registry = registered(plugins)
    if isinstance(spec, str):
        spec = registry.datasets.get(spec)
    demand(f"dataset {spec.name}", examine_dataset(spec, folder_of(spec, root), tasks=tasks_on(spec, registry)))


def examine_dataset(spec: DatasetSpec, root: Path, *, tasks: Sequence[TaskSpec] = ()) -> list[Finding]:
    """All findings about a dataset, those that pass among them.

    Args:
        spec: The dataset.
        root: The folder.
        tasks: Tasks on it, whose splits are looked at.
    """
    checks = [*ID_CHECKS, *FILE_CHECKS, *splits_checks(tasks)]
    return examined(lambda: make_read(spec, root), checks)


def tasks_on(spec: DatasetSpec, registry: Registry) -> list[TaskSpec]:
    """The tasks that are registered for a dataset, if it is this one that they mean."""
    known = [other for _, other in registry.datasets.specs() if other.name == spec.name]
    return [task for _, task in registry.tasks.specs() if task.dataset == spec.name] if known == [spec] else []
