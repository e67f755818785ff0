"""What plugins there are and what they offer."""

from artbench.plugins.loading import KINDS, load_alone, load_plugins, sources
from artbench.plugins.registry import GROUP, SLOW, Plugin, Registry

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
