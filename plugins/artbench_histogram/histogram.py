"""The joint colour histogram (Swain and Ballard 1991)."""

import torch

from artbench.encoders.backbone import Backbone

_LEVELS = 8


class ColourHistogram(torch.nn.Module):
    """The square root of the share of a picture's pixels in each cell of the RGB cube, cut into 8 x 8 x 8.

    The root makes a linear model compare histograms by Hellinger's kernel, in which a few common colours don't drown
    all others (Arandjelovic and Zisserman 2012, for histograms of gradients). It has nothing to learn: what an encoder
    adds to it, it adds to colour.
    """

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Roots of shares, float32, shape (n, 512), of pictures in [0, 1], shape (n, 3, height, width)."""
        # Red, green, blue: the place of a cell is red * 64 + green * 8 + blue.
        levels = (pictures.float() * _LEVELS).long().clamp(0, _LEVELS - 1)
        weights = torch.tensor([_LEVELS**2, _LEVELS, 1], device=pictures.device).view(1, 3, 1, 1)
        cells = (levels * weights).sum(dim=1).flatten(1)
        counts = torch.zeros(len(pictures), _LEVELS**3, device=pictures.device)
        shares = counts.scatter_add_(1, cells, torch.ones_like(cells, dtype=counts.dtype)) / cells.shape[1]
        return shares.sqrt()


def backbone() -> Backbone:
    """The histogram as a backbone."""
    return Backbone(
        name="colour-histogram",
        module=ColourHistogram(),
        feature_dim=_LEVELS**3,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
    )
