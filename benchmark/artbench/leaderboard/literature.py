"""What others have published on the tasks that are known here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from artbench.plugins import Registry
from artbench.specs import Published, PublishedResult


@dataclass(frozen=True, kw_only=True)
class Literature:
    """What is published on one task.

    Attributes:
        results: Figures of others.
        size: How large the task is; None where nobody says.
    """

    results: Sequence[PublishedResult] = ()
    size: Published | None = None


def literature(registry: Registry) -> Mapping[str, Literature]:
    """Of every task for which something is known, by the task's name."""
    return {
        spec.name: Literature(results=spec.literature, size=spec.published)
        for _, spec in registry.tasks.specs()
        if spec.literature or spec.published
    }
