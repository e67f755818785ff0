"""artbench: the benchmark that tells which visual representation understands art."""

from artbench.hookspecs import hookimpl

__all__ = ["hookimpl"]
