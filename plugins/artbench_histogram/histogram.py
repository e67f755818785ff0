"""The joint colour histogram (Swain and Ballard 1991)."""

import torch

from artbench.encoders import Backbone


class ColourHistogram(torch.nn.Module):
    """The square root of the share of an image's pixels in each cell of the RGB cube, cut into bins x bins x bins.

    With the root, a linear model compares histograms by Hellinger's kernel, in which a few common colours don't
    outweigh all others (Arandjelovic and Zisserman 2012, for histograms of gradients).
    """

    def __init__(self, bins: int) -> None:
        super().__init__()
        self.bins = bins

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images in [0, 1], shape (n, 3, height, width), to roots of shares, float32, shape (n, bins**3)."""
        bins = self.bins
        levels = (images.float() * bins).long().clamp(0, bins - 1)
        weights = torch.tensor([bins**2, bins, 1], device=images.device).view(1, 3, 1, 1)
        cells = (levels * weights).sum(dim=1).flatten(1)
        counts = torch.zeros(len(images), bins**3, device=images.device)
        shares = counts.scatter_add_(1, cells, torch.ones_like(cells, dtype=counts.dtype)) / cells.shape[1]
        return shares.sqrt()


def backbone(*, bins: int = 8) -> Backbone:
    """Return the histogram, with so many bins for each of red, green and blue, as a backbone."""
    return Backbone(
        name="colour-histogram",
        module=ColourHistogram(bins),
        feature_dim=bins**3,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
    )
