"""A network as an encoder, with what else an encoder has to say."""

import torch

from artbench.encoders.encoder import Encoder


def encoder_of(module: torch.nn.Module, feature_dim: int, *, backbone: str = "tiny") -> Encoder:
    """An encoder of random weights for images of any size."""
    return Encoder(
        backbone=backbone,
        pretraining="random",
        module=module.eval().requires_grad_(False),
        feature_dim=feature_dim,
        mean=(0.5, 0.4, 0.3),
        std=(0.2, 0.3, 0.4),
        input_size=None,
        weights_sha256="ab" * 32,
        source="seed 0",
        parameters=1,
    )
