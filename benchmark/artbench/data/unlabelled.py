"""Datasets without labels that are named where a task is expected."""

from dataclasses import dataclass

from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.registry import Registry
from artbench.specs import DatasetSpec


@dataclass(frozen=True, kw_only=True)
class Unlabelled:
    """A dataset without labels.

    Attributes:
        spec: The dataset.
        why: Why there is no task, as a sentence without a full stop.
        plugins: Version of the distribution that provides it.
    """

    spec: DatasetSpec
    why: str
    plugins: dict[str, str]


def find_unlabelled(name: str, *, registry: Registry) -> Unlabelled | None:
    """Return the dataset without labels that has this name; None if it is a task, several, or nothing that is known.

    A dataset has no labels if its plugin says which of its images train without (`DatasetSpec.training`) and no task
    is registered for it.

    Raises:
        ArtbenchError: It is a dataset that can't be read.
    """
    if list(registry.tasks.expand(name)) != [name]:
        return None
    try:
        registry.tasks.get(name)
    except ArtbenchError as error:
        why = f"{name} is a dataset without labels" if isinstance(error, UsageError) else error.message
    else:
        return None
    try:
        owner, spec = registry.datasets.find(name)
    # What is wrong with it as a task says more.
    except UsageError:
        return None
    if spec.training is None or any(task.dataset == spec.name for _, task in registry.tasks.specs()):
        return None
    return Unlabelled(spec=spec, why=why, plugins={owner.distribution: registry.version_of(owner)})
