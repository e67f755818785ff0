"""What is to be said of a plugin that works: it is slow, it prints, or its names are also those of others."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from artbench.plugins.catalogue import GROUP, Catalogue
from artbench.plugins.registry import Plugin, Registry
from artbench.runtime.findings import Finding, warned
from artbench.specs import Family

# Seconds above which loading a plugin is slow; all built-in ones together take a twentieth of it.
SLOW = 1.0


def remarks(plugin: Plugin, registry: Registry) -> Iterator[Finding]:
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
    yield from shared_names(plugin, registry)


def shared_names(plugin: Plugin, registry: Registry) -> Iterator[Finding]:
    """Yield a warning about each name of a plugin that another has too, by itself or in a family.

    Built-in plugins are not held against the families of others, which are told of it themselves.
    """
    for kind, names in plugin.registered.items():
        catalogue: Catalogue[Any] = getattr(registry, f"{kind}s")
        for name in names:
            owners = [one for one in registry.plugins if one is not plugin and name in one.registered.get(kind, ())]
            known = [_origin(one.name, one.distribution) for one in owners]
            if plugin.distribution != GROUP and any(name == spec.name for _, spec in catalogue.specs()):
                known += _families(plugin, catalogue, name)
            if known:
                message = f"its {kind} {name} shares the name with {' and '.join(known)}"
                yield warned(plugin.name, message, mend=f"Name it {plugin.name}:{name}, or uninstall one of them")
        if plugin.distribution != GROUP:
            for message in _taken(plugin, kind, catalogue):
                yield warned(plugin.name, message, mend=f"Name them {plugin.name}:NAME, or uninstall one of them")


def _families(plugin: Plugin, catalogue: Catalogue[Any], name: str) -> list[str]:
    """Return the families of other plugins that know a name."""
    return [
        f"one of the family {entry.item.name} of {entry.distribution}"
        for entry in catalogue.owners(name)
        if isinstance(entry.item, Family) and (entry.distribution, entry.plugin) != (plugin.distribution, plugin.name)
    ]


def _taken(plugin: Plugin, kind: str, catalogue: Catalogue[Any]) -> Iterator[str]:
    """Yield a line for each family of a plugin that also knows what others have registered by itself."""
    for entry, family in catalogue.families():
        if (entry.distribution, entry.plugin) != (plugin.distribution, plugin.name):
            continue
        shared = []
        for other, spec in catalogue.specs():
            # A family that fails is told of by what asks it for a name.
            with suppress(Exception):
                if other.plugin != plugin.name and catalogue.member(entry, family, spec.name) is not None:
                    shared.append(f"{spec.name} of {other.distribution}")
        if shared:
            listed = ", ".join(shared[:3]) + (", …" if len(shared) > 3 else "")
            yield f"its {kind} family {family.name} also knows {listed}"


def _origin(name: str, distribution: str) -> str:
    return f"that of {name if distribution == GROUP else distribution}"
