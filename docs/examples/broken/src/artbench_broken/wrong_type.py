"""Registers a dictionary where a spec is wanted."""

from collections.abc import Callable

from artbench import hookimpl


@hookimpl
def register_backbones(register: Callable[[object], None]) -> None:
    """Register what is no spec."""
    register({"name": "broken-wrong-type", "description": "a dictionary"})
