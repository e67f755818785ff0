"""Histograms of oriented gradients (Dalal and Triggs, CVPR 2005)."""

import math

import torch
from torch.nn.functional import avg_pool2d, one_hot, pad

from artbench.encoders import Backbone

SIDE = 128
CELL = 16
ORIENTATIONS = 9
_BLOCKS = SIDE // CELL - 1
_CLIP = 0.2
_SMALL = 1e-6


class OrientedGradients(torch.nn.Module):
    """The orientations of the gradients in each part of an image."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Describe images.

        Args:
            images: Float, RGB in [0, 1], shape (n, 3, 128, 128).

        Returns:
            float32, shape (n, 1764): the blocks row by row, of each the four cells row by row, of each the nine
            orientations from horizontal gradients on, in steps of 20 degrees.
        """
        length, orientation = _gradients(images.float())
        cells = _cells(length, orientation)
        corners = [cells[:, :, y : y + _BLOCKS, x : x + _BLOCKS] for y in (0, 1) for x in (0, 1)]
        blocks = torch.cat(corners, dim=1)
        # L2-Hys of the paper: normalised, the largest clipped, normalised again.
        blocks = _normalised(_normalised(blocks).clamp(max=_CLIP))
        return blocks.permute(0, 2, 3, 1).flatten(1)


def _gradients(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Length, and orientation as a place among the histogram's bins, [0, 9), of the strongest channel's gradient."""
    padded = pad(images, (1, 1, 1, 1), mode="replicate")
    across = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
    down = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
    length, channel = torch.hypot(across, down).max(dim=1, keepdim=True)
    angle = torch.atan2(down.gather(1, channel), across.gather(1, channel))
    # Dark on light and light on dark are alike: angles count modulo 180 degrees.
    return length[:, 0], (angle[:, 0] * (ORIENTATIONS / math.pi)) % ORIENTATIONS


def _cells(length: torch.Tensor, orientation: torch.Tensor) -> torch.Tensor:
    """The histogram of each cell, shape (n, 9, 8, 8)."""
    lower = orientation.floor()
    share = orientation - lower
    votes = torch.zeros(1, device=length.device)
    for place, weight in ((lower, 1 - share), (lower + 1, share)):
        # Rounding may put a place at the very end, which is the beginning again.
        bins = one_hot(place.long() % ORIENTATIONS, ORIENTATIONS).permute(0, 3, 1, 2)
        votes = votes + bins * (length * weight).unsqueeze(1)
    return avg_pool2d(votes, CELL)


def _normalised(blocks: torch.Tensor) -> torch.Tensor:
    return blocks / torch.sqrt(blocks.square().sum(dim=1, keepdim=True) + _SMALL)


def backbone() -> Backbone:
    """The descriptor as a backbone: it wants images as they are, at one size."""
    return Backbone(
        name="hog",
        module=OrientedGradients(),
        feature_dim=_BLOCKS**2 * 4 * ORIENTATIONS,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        input_size=SIDE,
    )
