"""artbench: the benchmark that tells which visual representation understands art."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artbench.api.extracting import FeatureMatrix, features
    from artbench.api.loading import LoadedEncoder, load_encoder
    from artbench.api.running import IncompleteRun, run
    from artbench.cli.console import TerminalReporter
    from artbench.errors import ArtbenchError, UsageError
    from artbench.hookspecs import hookimpl
    from artbench.records.record import Record

__all__ = [
    "ArtbenchError",
    "FeatureMatrix",
    "IncompleteRun",
    "LoadedEncoder",
    "Record",
    "TerminalReporter",
    "UsageError",
    "features",
    "hookimpl",
    "load_encoder",
    "run",
]

_AT = {
    "ArtbenchError": "artbench.errors",
    "FeatureMatrix": "artbench.api.extracting",
    "IncompleteRun": "artbench.api.running",
    "LoadedEncoder": "artbench.api.loading",
    "Record": "artbench.records.record",
    "TerminalReporter": "artbench.cli.console",
    "UsageError": "artbench.errors",
    "features": "artbench.api.extracting",
    "hookimpl": "artbench.hookspecs",
    "load_encoder": "artbench.api.loading",
    "run": "artbench.api.running",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that `import artbench` and `artbench --help` wait for nothing.
    if name in _AT:
        return getattr(import_module(_AT[name]), name)
    raise AttributeError(f"module 'artbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps `run` and `features` for the functions: importing the submodules of these names would take them over."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _AT and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
