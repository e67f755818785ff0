"""The network of DINO: a backbone, a head that ends on the unit sphere, and a last layer of prototypes."""

import torch
from torch.nn.functional import linear, normalize

from artbench.pretrain.precision import unit


class PrototypeNetwork(torch.nn.Module):
    """A backbone and a head, whose output is normalised; the last layer, `prototypes`, is applied to it separately.

    Args:
        backbone: Maps images to features.
        features: Length of a feature vector.
        hidden: Width of both hidden layers.
        dim: Length of an embedding.
        prototypes: Number of outputs of the last layer.
        normalise_last: Whether the weights of each of them keep length 1.
    """

    def __init__(
        self,
        backbone: torch.nn.Module,
        features: int,
        *,
        hidden: int,
        dim: int,
        prototypes: int,
        normalise_last: bool,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.projector = torch.nn.Sequential(
            torch.nn.Linear(features, hidden),
            torch.nn.GELU(),
            torch.nn.Linear(hidden, hidden),
            torch.nn.GELU(),
            torch.nn.Linear(hidden, dim),
        )
        for layer in self.projector:
            if isinstance(layer, torch.nn.Linear):
                torch.nn.init.trunc_normal_(layer.weight, std=0.02)
                torch.nn.init.zeros_(layer.bias)
        self.prototypes = Prototypes(dim, prototypes, normalised=normalise_last)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return embeddings of length 1, at least float32, shape (n, dim)."""
        return unit(self.projector(self.backbone(images)))


class Prototypes(torch.nn.Module):
    """A linear layer without bias whose weights have a direction and a length (Salimans and Kingma 2016).

    Args:
        features: Length of its input.
        count: Number of its outputs.
        normalised: Whether all lengths stay 1.
    """

    def __init__(self, features: int, count: int, *, normalised: bool) -> None:
        super().__init__()
        # The directions of a linear layer's own initialisation.
        self.direction = torch.nn.Parameter(torch.nn.Linear(features, count, bias=False).weight.detach())
        self.length = torch.nn.Parameter(torch.ones(count, 1), requires_grad=not normalised)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the products with all prototypes, shape (..., count)."""
        return linear(inputs, self.length * normalize(self.direction, dim=1))
