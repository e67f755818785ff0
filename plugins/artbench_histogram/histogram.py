"""The joint colour histogram (Swain and Ballard 1991)."""

import torch

from artbench.encoders import Backbone

_LEVELS = 8


class ColourHistogram(torch.nn.Module):
    """The square root of the share of an image's pixels in each cell of the RGB cube, cut into 8 x 8 x 8.

    With the root, a linear model compares histograms by Hellinger's kernel, in which a few common colours don't
    outweigh all others (Arandjelovic and Zisserman 2012, for histograms of gradients).
    """

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images in [0, 1], shape (n, 3, height, width), to roots of shares, float32, shape (n, 512)."""
        # The index of a cell is red * 64 + green * 8 + blue.
        levels = (images.float() * _LEVELS).long().clamp(0, _LEVELS - 1)
        weights = torch.tensor([_LEVELS**2, _LEVELS, 1], device=images.device).view(1, 3, 1, 1)
        cells = (levels * weights).sum(dim=1).flatten(1)
        counts = torch.zeros(len(images), _LEVELS**3, device=images.device)
        shares = counts.scatter_add_(1, cells, torch.ones_like(cells, dtype=counts.dtype)) / cells.shape[1]
        return shares.sqrt()


def backbone() -> Backbone:
    """Return the histogram as a backbone."""
    return Backbone(
        name="colour-histogram",
        module=ColourHistogram(),
        feature_dim=_LEVELS**3,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
    )
