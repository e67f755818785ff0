"""artbench: a benchmark of visual representations on art."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from artbench.runtime.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from artbench.api.explore import explore
    from artbench.api.features import FeatureMatrix, TokenFeatures, features
    from artbench.api.fetch_weights import fetch_weights
    from artbench.api.harvest import harvest
    from artbench.api.load_encoder import LoadedEncoder, load_encoder
    from artbench.api.neighbours import neighbours
    from artbench.api.predict import predict
    from artbench.api.pretrain import pretrain
    from artbench.api.run import IncompleteRun, run
    from artbench.api.targets import TaskTargets, targets
    from artbench.catalogue.neighbours import Neighbours
    from artbench.catalogue.predict import Prediction
    from artbench.cli.progress import TerminalReporter
    from artbench.encoders.fetch import FetchedWeights
    from artbench.errors import ArtbenchError, UsageError
    from artbench.explore.contents import Exploration
    from artbench.harvest.workflow import Harvested
    from artbench.hookspecs import hookimpl
    from artbench.matrix.matrix import Matrix
    from artbench.records.record import Record
    from artbench.records.unlabelled import UnlabelledResult

__all__ = [
    "ArtbenchError",
    "Exploration",
    "FeatureMatrix",
    "FetchedWeights",
    "Harvested",
    "IncompleteRun",
    "LoadedEncoder",
    "Matrix",
    "Neighbours",
    "Prediction",
    "Record",
    "TaskTargets",
    "TerminalReporter",
    "TokenFeatures",
    "UnlabelledResult",
    "UsageError",
    "explore",
    "features",
    "fetch_weights",
    "harvest",
    "hookimpl",
    "load_encoder",
    "neighbours",
    "predict",
    "pretrain",
    "run",
    "targets",
]

# So that `import artbench` and `artbench --help` wait for nothing.
__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "artbench.api.explore": ("explore",),
        "artbench.api.features": ("FeatureMatrix", "TokenFeatures", "features"),
        "artbench.api.fetch_weights": ("fetch_weights",),
        "artbench.api.harvest": ("harvest",),
        "artbench.api.load_encoder": ("LoadedEncoder", "load_encoder"),
        "artbench.api.neighbours": ("neighbours",),
        "artbench.api.predict": ("predict",),
        "artbench.api.pretrain": ("pretrain",),
        "artbench.api.run": ("IncompleteRun", "run"),
        "artbench.api.targets": ("TaskTargets", "targets"),
        "artbench.catalogue.neighbours": ("Neighbours",),
        "artbench.catalogue.predict": ("Prediction",),
        "artbench.cli.progress": ("TerminalReporter",),
        "artbench.encoders.fetch": ("FetchedWeights",),
        "artbench.errors": ("ArtbenchError", "UsageError"),
        "artbench.explore.contents": ("Exploration",),
        "artbench.harvest.workflow": ("Harvested",),
        "artbench.hookspecs": ("hookimpl",),
        "artbench.matrix.matrix": ("Matrix",),
        "artbench.records.record": ("Record",),
        "artbench.records.unlabelled": ("UnlabelledResult",),
    },
)


class _Package(ModuleType):
    """Keeps `explore`, `features`, `harvest`, `neighbours` and `pretrain` for the functions.

    There are packages of these names, on promised paths, and importing one would set the attribute to the module.
    `from artbench.pretrain import Method` finds the package all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
