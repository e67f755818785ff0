"""Everything that plugins registered, and the plugins themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from artbench.plugins.catalogue import Catalogue, Entry
from artbench.specs import BackboneSpec, DatasetSpec, MetricSpec, PretrainingSpec, ProtocolSpec, TargetSpec, TaskSpec


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A plugin, and whether it could be loaded.

    Attributes:
        name: Name of its entry point, or of its file.
        distribution: Its installed distribution, or the file given with `--plugin`.
        version: Version of the distribution; empty for a file.
        module: Module with its hooks.
        file: File of the module; empty if it was not found or has none.
        registered: Names it registered, by kind; empty if there was a problem.
        seconds: Time that loading took.
        prints: Whether it printed while it was loaded; the text went to stderr.
        problem: Why it was left out; None if it was loaded.
    """

    name: str
    distribution: str
    version: str
    module: str
    file: str = ""
    registered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seconds: float = 0.0
    prints: bool = False
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Everything that plugins offer, and the plugins themselves."""

    plugins: tuple[Plugin, ...]
    backbones: Catalogue[BackboneSpec]
    pretrainings: Catalogue[PretrainingSpec]
    datasets: Catalogue[DatasetSpec]
    tasks: Catalogue[TaskSpec]
    targets: Catalogue[TargetSpec]
    metrics: Catalogue[MetricSpec]
    protocols: Catalogue[ProtocolSpec]

    def version_of(self, entry: Entry[Any]) -> str:
        """Return the version of the distribution that registered an entry; empty for a file given with `--plugin`."""
        return next(plugin.version for plugin in self.plugins if plugin.distribution == entry.distribution)

    @property
    def problems(self) -> Iterator[str]:
        """One line for each plugin that was left out."""
        for plugin in self.plugins:
            if plugin.problem:
                yield f"plugin {plugin.name} of {plugin.distribution} is left out: {plugin.problem}"
