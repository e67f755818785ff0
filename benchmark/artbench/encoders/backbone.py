"""The type that a backbone's factory returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from artbench.encoders.weights import Weights


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
    """

    name: str
    module: torch.nn.Module
    feature_dim: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    input_size: int | None = None
    published: Mapping[str, Callable[[], Weights]] = field(default_factory=dict)
