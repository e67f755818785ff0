"""A backbone holding the weights of one pretraining, frozen, in eval mode."""

from dataclasses import dataclass

import torch

from artbench.encoders.provenance import TrainingPool
from artbench.records.parts import TrainingState


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """What features are extracted with.

    Attributes:
        backbone: Name of the backbone.
        pretraining: Name of the pretraining, or the name of a checkpoint's file.
        module: Frozen and in eval mode: normalised float32 pictures (n, 3, h, w) to features (n, feature_dim).
        feature_dim: Length of a feature vector.
        mean: Per channel, of RGB in [0, 1].
        std: Per channel, of RGB in [0, 1].
        input_size: Side in pixels of the square pictures it takes, None if any size will do.
        weights_sha256: Digest of its state dict, 64 hexadecimal digits (`artbench.encoders.weights`).
        source: Where the weights are from.
        parameters: Number of parameters.
        pool: The pictures that it was pretrained on, where that is known by their ids.
        training: How artbench trained it, if it did.
    """

    backbone: str
    pretraining: str
    module: torch.nn.Module
    feature_dim: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    input_size: int | None
    weights_sha256: str
    source: str
    parameters: int
    pool: TrainingPool | None = None
    training: TrainingState | None = None
