"""Projection heads between a backbone's features and the loss."""

import torch


def plain_head(features: int, *, dim: int, mlp: bool) -> torch.nn.Module:
    """MoCo's head: a linear layer (v1), or one hidden layer as wide as the features and a ReLU (v2)."""
    last = torch.nn.Linear(features, dim)
    return torch.nn.Sequential(torch.nn.Linear(features, features), torch.nn.ReLU(), last) if mlp else last


def normalised_head(
    features: int, *, layers: int, hidden: int, dim: int, last_norm: bool = True
) -> torch.nn.Sequential:
    """MoCo v3's head: linear layers without bias, each batch-normalised; ReLU between them; no affine at the end.

    Args:
        features: Length of an input.
        layers: Number of linear layers.
        hidden: Length between them.
        dim: Length of an output.
        last_norm: Whether the last layer is batch-normalised too.
    """
    parts: list[torch.nn.Module] = []
    for layer in range(layers):
        last = layer == layers - 1
        wide = dim if last else hidden
        parts.append(torch.nn.Linear(features, wide, bias=False))
        parts += [torch.nn.BatchNorm1d(wide, affine=not last)] if last_norm or not last else []
        parts += [] if last else [torch.nn.ReLU(inplace=True)]
        features = wide
    return torch.nn.Sequential(*parts)
