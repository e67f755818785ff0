"""Learnt positions of a vision transformer, resampled for another number of patches."""

from collections.abc import Mapping
from math import isqrt

import torch
from torch.nn.functional import interpolate

from artbench.encoders.fit import difference
from artbench.encoders.layouts import POSITIONS

METHOD = "bicubic, antialiased"
_MOST_PREFIX_TOKENS = 16


def other_grids(state: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, int]]:
    """Positions that differ from the wanted ones in the number of patches alone.

    Args:
        state: Tensors of a checkpoint, by their name in the backbone's module.
        wanted: Tensors of the backbone's module.

    Returns:
        Patches along one side of the square images, in the checkpoint and in the backbone, by name.
    """
    found = {}
    for name in state.keys() & wanted.keys():
        if name.rpartition(".")[2] in POSITIONS and difference(state[name], wanted[name]):
            grids = _grids(state[name], wanted[name])
            if grids is not None:
                found[name] = grids
    return found


def resampled(positions: torch.Tensor, *, to: torch.Tensor) -> torch.Tensor:
    """Resample positions (1, tokens, channels) for the number of tokens of others; class tokens and registers stay.

    The patches of square images are taken as a map, which is interpolated bicubically with antialiasing, as timm does.

    Raises:
        ValueError: The two don't differ in the number of patches alone.

    Examples:
        >>> import torch
        >>> resampled(torch.ones(1, 1 + 4 * 4, 8), to=torch.zeros(1, 1 + 6 * 6, 8)).shape
        torch.Size([1, 37, 8])
    """
    grids = _grids(positions, to)
    if grids is None:
        raise ValueError(f"positions {tuple(positions.shape)} and {tuple(to.shape)} are not of two square grids")
    before, after = grids
    prefix = positions.shape[1] - before**2
    grid = positions[:, prefix:].float().reshape(1, before, before, -1).permute(0, 3, 1, 2)
    grid = interpolate(grid, size=(after, after), mode="bicubic", antialias=True)
    patches = grid.permute(0, 2, 3, 1).reshape(1, after**2, -1).to(positions.dtype)
    return torch.cat([positions[:, :prefix], patches], dim=1)


def _grids(found: torch.Tensor, wanted: torch.Tensor) -> tuple[int, int] | None:
    if found.is_nested or found.ndim != 3 or wanted.ndim != 3 or not found.is_floating_point():
        return None
    if found.shape[0] != 1 or found.shape[2] != wanted.shape[2]:
        return None
    for prefix in range(min(_MOST_PREFIX_TOKENS, found.shape[1], wanted.shape[1])):
        sides = isqrt(found.shape[1] - prefix), isqrt(wanted.shape[1] - prefix)
        if all(side**2 == t.shape[1] - prefix for side, t in zip(sides, (found, wanted), strict=True)):
            return sides
    return None
