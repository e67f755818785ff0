"""What is known of tasks beside their records: what is asked, how large they are, what others have published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from artbench.plugins.loading import Registry
from artbench.specs import Published, PublishedResult


@dataclass(frozen=True, kw_only=True)
class Literature:
    """What is known of one task.

    Attributes:
        description: What is asked, in a line; empty where nobody says.
        dataset: What its dataset is, in a line; empty likewise.
        results: Figures of others.
        size: How large the task is; None where nobody says.
    """

    description: str = ""
    dataset: str = ""
    results: Sequence[PublishedResult] = ()
    size: Published | None = None


def literature(registry: Registry) -> Mapping[str, Literature]:
    """Of every task that is registered, by its name."""
    datasets = {spec.name: spec.description for _, spec in registry.datasets.specs()}
    return {
        spec.name: Literature(
            description=spec.description,
            dataset=datasets.get(spec.dataset, ""),
            results=spec.literature,
            size=spec.published,
        )
        for _, spec in registry.tasks.specs()
    }
