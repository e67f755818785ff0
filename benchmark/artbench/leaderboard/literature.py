"""What is known of a task besides its records: its question, its size, and what others have published."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from artbench.errors import ArtbenchError
from artbench.plugins.registry import Registry
from artbench.specs import Published, PublishedResult, TaskSpec


@dataclass(frozen=True, kw_only=True)
class Literature:
    """What is known of a task besides its records; descriptions are without a full stop.

    Attributes:
        description: Question of the task, in a line; empty if unknown.
        dataset: Description of its dataset, in a line; empty if unknown.
        results: Published results.
        size: Published size of the task; None if unknown.
    """

    description: str = ""
    dataset: str = ""
    results: Sequence[PublishedResult] = ()
    size: Published | None = None


def literature(registry: Registry) -> Mapping[str, Literature]:
    """Return what is known of tasks by name: of every registered one, and of those of families that follow no path."""
    return _Known(registry)


class _Known(Mapping[str, Literature]):
    def __init__(self, registry: Registry) -> None:
        self._tasks = registry.tasks
        self._datasets = {spec.name: spec.description.removesuffix(".") for _, spec in registry.datasets.specs()}
        self._found = {spec.name: self._of(spec) for _, spec in self._tasks.specs()}

    def __getitem__(self, name: str) -> Literature:
        if name not in self._found:
            self._found[name] = self._of(self._member(name))
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def _member(self, name: str) -> TaskSpec:
        for entry, family in self._tasks.families():
            if family.reads_paths:
                continue
            # Names come from records, and a family may refuse what it does not know.
            with suppress(ArtbenchError):
                if (spec := self._tasks.member(entry, family, name)) is not None:
                    return spec
        raise KeyError(name)

    def _of(self, spec: TaskSpec) -> Literature:
        return Literature(
            description=spec.description.removesuffix("."),
            dataset=self._datasets.get(spec.dataset, ""),
            results=spec.literature,
            size=spec.published,
        )
