"""artbench: a benchmark of visual representations on art."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from artbench.runtime.lazy_exports import lazy_exports

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


# So that `import artbench` and `artbench --help` wait for nothing.
__getattr__, __dir__ = lazy_exports(__name__, _AT)


class _Package(ModuleType):
    """Keeps `run` and `features` for the functions: importing the submodules of these names would take them over."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _AT and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
