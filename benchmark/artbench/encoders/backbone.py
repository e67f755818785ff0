"""The type that a backbone's factory returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch

from artbench.encoders.weights import Weights
from artbench.specs import Pool


@dataclass(frozen=True, kw_only=True)
class Layers:
    """Where the features of a network lie before they are pooled: what `@layer` and `@pool` choose from.

    Attributes:
        names: Names of submodules, blocks or stages, in the order in which they compute. The last gives what the
            network pools. Each gives maps (n, channels, height, width) or tokens (n, tokens, channels).
        prefix_tokens: Of tokens, how many stand before the patches, the class token first; 0 without.
        channels_last: Whether maps are (n, height, width, channels).
        norm: Name of the submodule that normalises tokens or maps of all but the last of `names`, as it does those of
            the last; empty without.
        pooled_norm: Name of the submodule that normalises what is pooled, of the last of `names`; empty without.
    """

    names: tuple[str, ...]
    prefix_tokens: int = 0
    channels_last: bool = False
    norm: str = ""
    pooled_norm: str = ""


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A network (or anything else that turns images into vectors) and its preprocessing.

    Attributes:
        name: Name that it was requested by.
        module: Maps float32 images (n, 3, height, width), normalised by `mean` and `std`, to pooled features
            (n, feature_dim): the output before the classifier, which is removed.
        feature_dim: Length of a feature vector.
        mean: Mean of each channel, of RGB in [0, 1]; weights may bring their own.
        std: Standard deviation of each channel, of RGB in [0, 1]; weights may bring their own.
        input_size: Side in pixels of the square images it takes, None if it takes any size.
        published: Functions that fetch published weights, by the name of the pretraining, such as `imagenet`.
        pool: How the features are pooled: `cls`, `avg`, `cls+avg`, `map`, `max` (see `artbench.specs.Variant`), or
            empty, where no image is pooled or it is done otherwise.
        layers: `() -> Layers`, called if a variant needs it; raises `artbench.errors.ArtbenchError` if this network has
            no variants by pool or layer. None: it has none.
    """

    name: str
    module: torch.nn.Module
    feature_dim: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    input_size: int | None = None
    published: Mapping[str, Callable[[], Weights]] = field(default_factory=dict)
    pool: Pool | Literal[""] = ""
    layers: Callable[[], Layers] | None = None
