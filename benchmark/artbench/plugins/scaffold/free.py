"""Whether the names of a new plugin are free, here, among what is installed."""

from collections.abc import Iterator
from importlib import metadata, util
from typing import TYPE_CHECKING

from artbench.errors import UsageError
from artbench.plugins.scaffold.kinds import KINDS
from artbench.plugins.scaffold.naming import Names

if TYPE_CHECKING:
    from artbench.plugins.loading import Registry


def check_free(names: Names, kind: str, *, registry: "Registry") -> None:
    """Refuse names that something else has.

    Args:
        names: Of the plugin.
        kind: One of `KINDS`.
        registry: What plugins there are.

    Raises:
        UsageError: A name is taken; says by what.
    """
    taken = next(_taken(names, kind, registry), None)
    if taken is not None:
        raise UsageError(taken, mend="Take another name")


def _taken(names: Names, kind: str, registry: "Registry") -> Iterator[str]:
    for installed in metadata.distributions(name=names.distribution):
        yield f"{names.distribution} {installed.version} is installed here already"
    for plugin in registry.plugins:
        if names.registered in (plugin.name, plugin.distribution):
            yield f"a plugin is called {names.registered} already, that of {plugin.distribution}"
    if util.find_spec(names.module) is not None:
        yield f"a module is called {names.module} already"
    # Last, because it may have to import timm.
    for what, name in KINDS[kind].registered(names):
        for entry in getattr(registry, f"{what}s").owners(name):
            yield f"a {what} is called {name} already, that of {entry.plugin} ({entry.distribution})"
