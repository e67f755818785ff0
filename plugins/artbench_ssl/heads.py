"""Projection heads between a backbone's features and the loss."""

import torch


def byol_head(features: int, *, hidden: int, dim: int) -> torch.nn.Sequential:
    """BYOL's projector and predictor: a hidden layer with batch normalisation and a ReLU; no bias at the end."""
    return torch.nn.Sequential(
        torch.nn.Linear(features, hidden),
        torch.nn.BatchNorm1d(hidden),
        torch.nn.ReLU(inplace=True),
        torch.nn.Linear(hidden, dim, bias=False),
    )


def simclr_head(features: int, *, dim: int) -> torch.nn.Sequential:
    """SimCLR's projector: two layers without bias, as wide as the features and `dim`, each batch-normalised.

    The last batch normalisation scales and does not shift. Weights are drawn with a standard deviation of 0.01.
    """
    head = torch.nn.Sequential(
        torch.nn.Linear(features, features, bias=False),
        torch.nn.BatchNorm1d(features),
        torch.nn.ReLU(inplace=True),
        torch.nn.Linear(features, dim, bias=False),
        torch.nn.BatchNorm1d(dim),
    )
    for part in head:
        if isinstance(part, torch.nn.Linear):
            torch.nn.init.normal_(part.weight, std=0.01)
    # It begins at 0.
    head[-1].bias.requires_grad_(False)
    return head
