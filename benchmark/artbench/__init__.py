"""artbench: the benchmark that tells which visual representation understands art."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artbench.api.features import FeatureMatrix, features
    from artbench.api.load_encoder import LoadedEncoder, load_encoder
    from artbench.api.run import IncompleteRun, run
    from artbench.cli.progress import TerminalReporter
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
    "FeatureMatrix": "artbench.api.features",
    "IncompleteRun": "artbench.api.run",
    "LoadedEncoder": "artbench.api.load_encoder",
    "Record": "artbench.records.record",
    "TerminalReporter": "artbench.cli.progress",
    "UsageError": "artbench.errors",
    "features": "artbench.api.features",
    "hookimpl": "artbench.hookspecs",
    "load_encoder": "artbench.api.load_encoder",
    "run": "artbench.api.run",
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
