"""Plugins: finding and loading them, and what they register."""

from artbench.plugins.loading import load_plugins
from artbench.plugins.registry import Registry

__all__ = ["Registry", "load_plugins"]
