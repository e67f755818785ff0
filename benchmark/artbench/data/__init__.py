"""Images and their labels: datasets, targets, splits, decoding."""

from typing import TYPE_CHECKING

from artbench.runtime.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from artbench.data.answers import Answers
    from artbench.data.dataset import Dataset
    from artbench.data.fitting import Choosing, Examples, FeatureRows, Fitted, Fitting, HeldOut
    from artbench.data.neighbourhoods import Neighbourhoods
    from artbench.data.rankings import Rankings
    from artbench.data.targets import Labels, Split, Targets

__all__ = [
    "Answers",
    "Choosing",
    "Dataset",
    "Examples",
    "FeatureRows",
    "Fitted",
    "Fitting",
    "HeldOut",
    "Labels",
    "Neighbourhoods",
    "Rankings",
    "Split",
    "Targets",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "artbench.data.answers": ("Answers",),
        "artbench.data.dataset": ("Dataset",),
        "artbench.data.fitting": ("Choosing", "Examples", "FeatureRows", "Fitted", "Fitting", "HeldOut"),
        "artbench.data.neighbourhoods": ("Neighbourhoods",),
        "artbench.data.rankings": ("Rankings",),
        "artbench.data.targets": ("Labels", "Split", "Targets"),
    },
)
