"""The encoder: a backbone with the weights of one pretraining, frozen, in eval mode."""

from dataclasses import dataclass

import torch

from artbench.encoders.provenance import TrainingPool
from artbench.records.parts import TrainingState


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """A frozen network that features are extracted with.

    Attributes:
        backbone: Name of the backbone.
        pretraining: Name of the pretraining or of the checkpoint.
        module: Maps normalised float32 images (n, 3, height, width) to features (n, feature_dim).
        feature_dim: Length of a feature vector.
        mean: Mean of each channel, of RGB in [0, 1].
        std: Standard deviation of each channel, of RGB in [0, 1].
        input_size: Side in pixels of the square images it takes, None if it takes any size.
        weights_sha256: Digest of its state dict (`state_digest`), 64 hexadecimal digits.
        source: Origin of the weights.
        parameters: Number of parameters.
        pool: Pretraining pool of the weights, if its image ids are known.
        training: How artbench trained the weights, if it did.
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
