"""artbench: the benchmark that tells which visual representation understands art."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artbench.hookspecs import hookimpl

__all__ = ["hookimpl"]


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that `artbench --help` need not wait for pluggy.
    if name == "hookimpl":
        from artbench.hookspecs import hookimpl

        return hookimpl
    raise AttributeError(f"module 'artbench' has no attribute {name!r}")
