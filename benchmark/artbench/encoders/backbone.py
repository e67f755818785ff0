"""What the factory of a backbone returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch

from artbench.encoders.weights import Weights


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A network (or anything else that turns pictures into vectors) with the preprocessing it wants.

    Attributes:
        name: The name it was asked for by.
        module: Maps float32 pictures (n, 3, height, width), normalised by `mean` and `std`, to pooled
            features (n, feature_dim): the output before the classifier, with no classifier left in it.
        feature_dim: Length of a feature vector.
        mean: Per channel, of RGB in [0, 1]; weights may bring their own.
        std: Per channel, of RGB in [0, 1]; weights may bring their own.
        input_size: Side in pixels of the square pictures it takes, None if any size will do.
        published: The pretrainings whose weights its makers publish, each with what fetches them: `imagenet`.
    """

    name: str
    module: torch.nn.Module
    feature_dim: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    input_size: int | None = None
    published: Mapping[str, Callable[[], Weights]] = field(default_factory=dict)
