"""Jitter, scale and rotation: a picture must please a unit a little off its place, too."""

import math
from collections.abc import Sequence

import torch
from torch.nn import functional


class Wobble:
    """Moves, scales and turns each picture of a batch a little, otherwise at each call.

    Each picture has random numbers of its own, so that it does not matter which others are in the batch.

    Args:
        seeds: One for each picture.
        jitter: Largest move in either direction, as a share of the side.
        scale: Largest enlargement or reduction, as a share.
        degrees: Largest turn.
    """

    def __init__(
        self, seeds: Sequence[int], *, jitter: float = 1 / 16, scale: float = 0.1, degrees: float = 10.0
    ) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._jitter, self._scale, self._radians = jitter, scale, math.radians(degrees)

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """The pictures, (n, 3, side, side), moved; what comes in at the edges is mirrored."""
        draws = torch.stack([2 * torch.rand(4, generator=generator) - 1 for generator in self._generators])
        turn, size, x, y = draws.to(pictures.device).unbind(dim=1)
        turn, size = self._radians * turn, 1 / (1 + self._scale * size)
        # The picture is 2 wide in the coordinates of the grid.
        top = torch.stack([size * turn.cos(), -size * turn.sin(), 2 * self._jitter * x], dim=1)
        bottom = torch.stack([size * turn.sin(), size * turn.cos(), 2 * self._jitter * y], dim=1)
        grid = functional.affine_grid(torch.stack([top, bottom], dim=1), list(pictures.shape), align_corners=False)
        return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
