"""`check_task`: does a task keep the contract?"""

from collections.abc import Sequence
from pathlib import Path

from artbench.specs import DatasetSpec, TaskSpec
from artbench.testing.asked import make_asked
from artbench.testing.checks import examined
from artbench.testing.finding import Finding, demand
from artbench.testing.lookup import PathLike, folder_of, registered
from artbench.testing.task_labels import LABEL_CHECKS
from artbench.testing.task_stated import STATED_CHECKS


def check_task(
    spec: TaskSpec | str,
    root: Path | None = None,
    *,
    dataset: DatasetSpec | None = None,
    plugins: Sequence[PathLike] = (),
) -> None:
    """Read a task's targets from its dataset and put them to every check.

    Args:
        spec: The task, or its name among what plugins register.
        root: The folder of its dataset, as `check_dataset` takes it.
        dataset: Its dataset; None: what is registered under the name that the task gives.
        plugins: Python files that hold plugins, beside those that are installed.

    Raises:
        ContractError: It breaks the contract; lists every failure with what to change.
        UsageError: No task, or no dataset, is called that, or nothing says where the pictures are.
        ArtbenchError: There is no such folder.
    """
    registry = registered(plugins)
    if isinstance(spec, str):
        spec = registry.tasks.get(spec)
    dataset = dataset or registry.datasets.get(spec.dataset)
    demand(f"task {spec.name}", examine_task(spec, folder_of(dataset, root), dataset=dataset))


def examine_task(spec: TaskSpec, root: Path, *, dataset: DatasetSpec) -> list[Finding]:
    """All findings about a task, those that pass among them.

    Args:
        spec: The task.
        root: The folder of its dataset.
        dataset: Its dataset.
    """
    return examined(lambda: make_asked(spec, root, dataset), [*STATED_CHECKS, *LABEL_CHECKS])
