"""Encoders (backbones with weights): building them, reading checkpoints, digests of weights."""

from typing import TYPE_CHECKING

from artbench.runtime.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from artbench.encoders.backbone import Backbone, Layers
    from artbench.encoders.corpus import Corpus
    from artbench.encoders.published_file import PublishedFile
    from artbench.encoders.text import TextSide
    from artbench.encoders.weights import Weights

__all__ = ["Backbone", "Corpus", "Layers", "PublishedFile", "TextSide", "Weights"]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "artbench.encoders.backbone": ("Backbone", "Layers"),
        "artbench.encoders.corpus": ("Corpus",),
        "artbench.encoders.published_file": ("PublishedFile",),
        "artbench.encoders.text": ("TextSide",),
        "artbench.encoders.weights": ("Weights",),
    },
)
