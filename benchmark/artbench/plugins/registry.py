"""Everything that plugins registered, and the plugins themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from artbench.plugins.catalogue import GROUP, Catalogue, Entry
from artbench.runtime.findings import Finding, warned
from artbench.specs import BackboneSpec, DatasetSpec, MetricSpec, PretrainingSpec, ProtocolSpec, TargetSpec, TaskSpec

# Seconds above which loading a plugin is slow; all built-in ones together take a twentieth of it.
SLOW = 1.0


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

    def remarks(self, plugin: Plugin) -> Iterator[Finding]:
        """Yield warnings about a plugin that works: slow, prints, registers nothing, or shares names with others."""
        if plugin.seconds > SLOW:
            mend = "Ask its makers to name factories as text, so that what is heavy is imported when it is used"
            yield warned(plugin.name, f"takes {plugin.seconds:.1f} s to load, at every start", mend=mend)
        if not plugin.registered and plugin.problem is None:
            mend = "Ask its makers to mark its hooks with @artbench.hookimpl, and to call `register` in them"
            yield warned(plugin.name, "registers nothing", mend=mend)
        if plugin.prints:
            mend = "Ask its makers to use `logging`; what it prints goes to stderr"
            yield warned(plugin.name, "prints while it is loaded", mend=mend)
        for kind, names in plugin.registered.items():
            for name in names:
                others = [one for one in self.plugins if one is not plugin and name in one.registered.get(kind, ())]
                if others:
                    message = f"its {kind} {name} shares the name with that of {' and '.join(map(_origin, others))}"
                    yield warned(plugin.name, message, mend=f"Name it {plugin.name}:{name}, or uninstall one of them")

    @property
    def problems(self) -> Iterator[str]:
        """One line for each plugin that was left out."""
        for plugin in self.plugins:
            if plugin.problem:
                yield f"plugin {plugin.name} of {plugin.distribution} is left out: {plugin.problem}"


def _origin(plugin: Plugin) -> str:
    return plugin.name if plugin.distribution == GROUP else plugin.distribution
