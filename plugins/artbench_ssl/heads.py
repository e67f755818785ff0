"""Projection heads between a backbone's features and the loss."""

import torch


def hidden_layer_head(features: int, *, hidden: int, dim: int, normalised: bool = False) -> torch.nn.Sequential:
    """One hidden layer with batch normalisation and a ReLU; as SimCLR has it, batch-normalised again at the end."""
    layers: list[torch.nn.Module] = [
        torch.nn.Linear(features, hidden, bias=not normalised),
        torch.nn.BatchNorm1d(hidden),
        torch.nn.ReLU(inplace=True),
        torch.nn.Linear(hidden, dim, bias=not normalised),
    ]
    return torch.nn.Sequential(*layers, *([torch.nn.BatchNorm1d(dim)] if normalised else []))
