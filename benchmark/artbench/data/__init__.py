"""Images and what is known of them: datasets, targets, splits, decoding."""

from typing import TYPE_CHECKING

from artbench.runtime.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from artbench.data.dataset import Dataset
    from artbench.data.targets import Labels, Split, Targets

__all__ = [
    "Dataset",
    "Labels",
    "Split",
    "Targets",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Dataset": "artbench.data.dataset",
        "Labels": "artbench.data.targets",
        "Split": "artbench.data.targets",
        "Targets": "artbench.data.targets",
    },
)
