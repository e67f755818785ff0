"""What plugins there are and what they offer."""

from artbench.plugins.loading import GROUP, KINDS, SLOW, Plugin, Registry, load_alone, load_plugins, sources

__all__ = [
    "GROUP",
    "KINDS",
    "SLOW",
    "Plugin",
    "Registry",
    "load_alone",
    "load_plugins",
    "sources",
]
