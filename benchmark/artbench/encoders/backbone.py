"""The type that a backbone's factory returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch

from artbench.encoders.corpus import Corpus
from artbench.encoders.published_file import PublishedFile
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

    Examples:
        >>> from artbench.encoders import Layers
        >>> Layers(names=("blocks.0", "blocks.1"), prefix_tokens=1, norm="norm").names[-1]
        'blocks.1'
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
        any_size: Makes `module` take images of any size from now on, such as the small crops of a pretraining, by
            interpolating its positions; its features at `input_size` stay the same. None: it can't, or takes any size.
        published: Functions that fetch published weights, by the name of the pretraining, such as `imagenet`.
        files: `() -> PublishedFile`: where the file of these weights comes from and lies, by the same names, for
            `artbench weights fetch`. May be left out, for any of them.
        corpora: What these weights were trained on, by the same names, as far as it is known without fetching them: the
            `Weights.corpus` of each that has no `pool`. A submitted record must not say otherwise.
        pool: How the features are pooled: `cls`, `avg`, `cls+avg`, `map`, `max` (see `artbench.specs.Variant`), or
            empty, where no image is pooled or it is done otherwise.
        layers: `() -> Layers`, called if a variant needs it; raises `artbench.errors.ArtbenchError` if this network has
            no variants by pool or layer. None: it has none.

    Examples:
        >>> import torch
        >>> from artbench.encoders import Backbone
        >>> module = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
        >>> backbone = Backbone(name="mean-colour", module=module, feature_dim=3, mean=(0, 0, 0), std=(1, 1, 1))
        >>> backbone.module(torch.zeros(2, 3, 32, 32)).shape == (2, backbone.feature_dim)
        True
    """

    name: str
    module: torch.nn.Module
    feature_dim: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    input_size: int | None = None
    any_size: Callable[[], None] | None = None
    published: Mapping[str, Callable[[], Weights]] = field(default_factory=dict)
    files: Mapping[str, Callable[[], PublishedFile]] = field(default_factory=dict)
    corpora: Mapping[str, Corpus] = field(default_factory=dict)
    pool: Pool | Literal[""] = ""
    layers: Callable[[], Layers] | None = None
