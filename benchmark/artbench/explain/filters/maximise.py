"""Activation maximisation: finds the pictures that the units of a layer respond to most."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from artbench.explain.filters.request import Ascent
from artbench.explain.filters.responses import UnitReader
from artbench.runtime.progress import Counter

# How often, and by how much, the contrast of a start is raised.
_WAKES, _LOUDER = 3, 4.0
# Axes along which the colours of natural scenes are uncorrelated (Ohta, Kanade and Sakai, "Color information for region
# segmentation", 1980): intensity, red against blue, green against both; here of length one. The spread of colours along
# them falls as 3 : 1 : 1/2. The matrix in general use (`color_correlation_svd_sqrt` of lucid, Olah et al. 2017) was
# measured on ImageNet, and would give one of the pretrainings its own colours.
_AXES = torch.tensor([[3**-0.5, 3**-0.5, 3**-0.5], [2**-0.5, 0.0, -(2**-0.5)], [-(6**-0.5), 2 * 6**-0.5, -(6**-0.5)]])
_REACH = torch.tensor([1.0, 1 / 3, 1 / 6])
# Standard deviation of the coefficients at the start, and the contrast of a picture that has one of 1.
_START, _CONTRAST = 0.01, 0.42
# Largest move as a share of the side, largest change of size as a share, and largest turn.
_MOVE, _SCALE, _TURN = 1 / 16, 0.1, math.radians(10)


@dataclass(frozen=True, kw_only=True)
class Maximised:
    """Pictures that some units respond to.

    Attributes:
        pictures: RGB in [0, 1], float32, shape (n, 3, side, side).
        start: Response of each unit (`UnitReader`) to its picture before the first step, shape (n,).
        reached: Response after the last step, shape (n,).
        gradient: Whether the unit ever had a gradient, bool, shape (n,); without one its picture is still noise.
    """

    pictures: torch.Tensor
    start: torch.Tensor
    reached: torch.Tensor
    gradient: torch.Tensor


def maximise(
    reader: UnitReader, units: Sequence[int], *, seed: int, ascent: Ascent, device: str, counter: Counter
) -> Maximised:
    """Find a picture for each unit (Erhan et al. 2009; parametrisation and robustness of Olah et al. 2017).

    The picture of a unit depends on the network, the unit and the seed, not on what else is in the batch.

    Args:
        reader: The network up to the layer.
        units: Numbers of the units.
        seed: Seed of starts and moves; each unit has its own.
        ascent: Options of the ascent.
        device: Device of the network.
        counter: Advanced at each step.
    """
    seeds = [seed * 1_000_003 + unit for unit in units]
    pictures, jitter = FourierPictures(seeds, side=ascent.side).to(device), Jitter(seeds)
    rows, columns = torch.arange(len(units), device=device), torch.tensor(list(units), device=device)

    def response(images: torch.Tensor) -> torch.Tensor:
        return reader(images)[rows, columns]

    _wake(response, pictures)
    # Adam scales each coefficient on its own, so pictures of one batch don't influence each other.
    optimiser = torch.optim.Adam(pictures.parameters(), lr=ascent.rate, betas=(0.9, 0.99))
    gradient = torch.zeros(len(units), dtype=torch.bool, device=device)
    with torch.no_grad():
        start = response(pictures())
    for _ in range(ascent.steps):
        optimiser.zero_grad()
        torch.autograd.backward(-response(jitter(pictures())).sum())
        gradient |= pictures.has_gradient()
        optimiser.step()
        counter.advance()
    with torch.no_grad():
        found = pictures()
        reached = response(found)
    return Maximised(pictures=found.cpu(), start=start.cpu(), reached=reached.cpu(), gradient=gradient.cpu())


class FourierPictures(torch.nn.Module):
    """Square pictures of `side` pixels, each started from noise of its own seed.

    Coefficients are scaled by 1/f, as in photographs, and the three channels are decorrelated colours, so that one
    learning rate fits all coefficients (Olah et al., "Feature Visualization", 2017).
    """

    def __init__(self, seeds: Sequence[int], *, side: int) -> None:
        super().__init__()
        self._side = side
        half = side // 2 + 1
        starts = [torch.randn(3, side, half, 2, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        self.coefficients = torch.nn.Parameter(_START * torch.stack(starts))
        frequency = torch.hypot(torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None, :])
        self._reach: torch.Tensor
        self._colours: torch.Tensor
        self.register_buffer("_reach", 1 / frequency.clamp(min=1 / side))
        self.register_buffer("_colours", _CONTRAST * _REACH[:, None] * _AXES)

    def forward(self) -> torch.Tensor:
        """Return RGB in [0, 1], shape (n, 3, side, side)."""
        spectrum = torch.view_as_complex(self.coefficients) * self._reach
        planes = torch.fft.irfft2(spectrum, s=(self._side, self._side), norm="ortho")
        return torch.einsum("nkhw,kc->nchw", planes, self._colours).sigmoid()

    def has_gradient(self) -> torch.Tensor:
        """Tell which pictures have a gradient that is not zero, bool, shape (n,)."""
        assert self.coefficients.grad is not None
        return self.coefficients.grad.flatten(1).any(dim=1)


def _wake(response: Callable[[torch.Tensor], torch.Tensor], pictures: FourierPictures) -> None:
    """Raise the contrast of the start of each unit that has no gradient, such as one behind a ReLU that is off.

    In an untrained residual network half of the units are behind a ReLU that is off for noise which is nearly grey.
    """
    for _ in range(_WAKES):
        torch.autograd.backward(response(pictures()).sum())
        off = ~pictures.has_gradient()
        pictures.zero_grad()
        if not bool(off.any()):
            return
        with torch.no_grad():
            pictures.coefficients[off] *= _LOUDER


class Jitter:
    """Moves, scales and turns each picture of a batch a little, differently at each call.

    Each picture has random numbers of its own seed, so that it does not matter which others are in the batch.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """Move pictures, shape (n, 3, side, side); edges are filled by reflection."""
        draws = torch.stack([2 * torch.rand(4, generator=generator) - 1 for generator in self._generators])
        turn, size, x, y = draws.to(pictures.device).unbind(dim=1)
        turn, size = _TURN * turn, 1 / (1 + _SCALE * size)
        # The picture is 2 wide in the coordinates of the grid.
        top = torch.stack([size * turn.cos(), -size * turn.sin(), 2 * _MOVE * x], dim=1)
        bottom = torch.stack([size * turn.sin(), size * turn.cos(), 2 * _MOVE * y], dim=1)
        grid = functional.affine_grid(torch.stack([top, bottom], dim=1), list(pictures.shape), align_corners=False)
        return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
