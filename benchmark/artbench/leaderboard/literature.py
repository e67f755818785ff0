"""What others have published on the tasks that are known here."""

from collections.abc import Mapping, Sequence

from artbench.plugins import Registry
from artbench.specs import PublishedResult


def literature(registry: Registry) -> Mapping[str, Sequence[PublishedResult]]:
    """The published results of every task that names some, by the task's name."""
    return {spec.name: spec.literature for _, spec in registry.tasks.specs() if spec.literature}
