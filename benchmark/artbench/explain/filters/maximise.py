"""Activation maximisation: the pictures that the units of a layer respond to most, all at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from artbench.explain.filters.request import Ascent
from artbench.explain.filters.responses import UnitReader
from artbench.runtime.progress import Counter

# How often, and by how much, the contrast of a start is raised.
_WAKES, _LOUDER = 3, 4.0
# The axes into which the colours of natural scenes decorrelate: Ohta, Kanade and Sakai, "Color information for region
# segmentation" (1980): intensity, red against blue, green against both; here of length one. How far colours reach
# along them falls as 3 : 1 : 1/2. The matrix in general use (`color_correlation_svd_sqrt` of lucid, Olah et al. 2017)
# was measured on ImageNet, and would give one of the pretrainings its own colours.
_AXES = torch.tensor(
    [
        [3**-0.5, 3**-0.5, 3**-0.5],
        [2**-0.5, 0.0, -(2**-0.5)],
        [-(6**-0.5), 2 * 6**-0.5, -(6**-0.5)],
    ]
)
_REACH = torch.tensor([1.0, 1 / 3, 1 / 6])
# Of the coefficients at the start, and what makes a picture's contrast of them.
_START, _CONTRAST = 0.01, 0.42


@dataclass(frozen=True, kw_only=True)
class Maximised:
    """What was reached for some units.

    Attributes:
        pictures: RGB in [0, 1], float32, (n, 3, side, side).
        start: How much each unit responded (`UnitReader`) before the first step, (n,).
        reached: After the last, (n,); both of the picture as it lies.
        gradient: Whether the unit ever had a gradient, bool, (n,); without one the picture is the start's noise.
    """

    pictures: torch.Tensor
    start: torch.Tensor
    reached: torch.Tensor
    gradient: torch.Tensor


def maximise(
    reader: UnitReader, units: Sequence[int], *, seed: int, ascent: Ascent, device: str, counter: Counter
) -> Maximised:
    """Climb to a picture for each unit (Erhan et al. 2009; parametrisation and robustness of Olah et al. 2017).

    A unit's picture depends on nothing but the network, the unit and the seed: not on what else is in the batch.

    Args:
        reader: The network up to the layer.
        units: Numbers of the units.
        seed: Of starts and moves; each unit has its own.
        ascent: Steps, size, pace.
        device: Where the network is.
        counter: Advanced at each step.
    """
    seeds = [seed * 1_000_003 + unit for unit in units]
    pictures, wobble = FourierPictures(seeds, side=ascent.side).to(device), Jitter(seeds)
    _wake(reader, pictures, units)
    # Adam's pace of each coefficient is its own, so pictures of one batch don't influence each other.
    optimiser = torch.optim.Adam(pictures.parameters(), lr=ascent.rate, betas=(0.9, 0.99))
    rows, columns = torch.arange(len(units), device=device), torch.tensor(list(units), device=device)
    gradient = torch.zeros(len(units), dtype=torch.bool, device=device)
    with torch.no_grad():
        start = reader(pictures())[rows, columns]
    for _ in range(ascent.steps):
        optimiser.zero_grad()
        torch.autograd.backward(-reader(wobble(pictures()))[rows, columns].sum())
        slope = pictures.coefficients.grad
        assert slope is not None
        gradient |= slope.flatten(1).any(dim=1)
        optimiser.step()
        counter.advance()
    with torch.no_grad():
        found = pictures()
        reached = reader(found)[rows, columns]
    return Maximised(pictures=found.cpu(), start=start.cpu(), reached=reached.cpu(), gradient=gradient.cpu())


class FourierPictures(torch.nn.Module):
    """Square pictures, each started from noise of its own.

    A coefficient's reach falls with its frequency as 1/f, as in natural pictures, and the three channels are
    decorrelated colours, so that all coefficients can be climbed at one pace (Olah et al., "Feature Visualization",
    2017).

    Args:
        seeds: One for each picture.
        side: In pixels.
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
        """RGB in [0, 1], (n, 3, side, side)."""
        spectrum = torch.view_as_complex(self.coefficients) * self._reach
        planes = torch.fft.irfft2(spectrum, s=(self._side, self._side), norm="ortho")
        return torch.einsum("nkhw,kc->nchw", planes, self._colours).sigmoid()


def _wake(reader: UnitReader, pictures: FourierPictures, units: Sequence[int]) -> None:
    """Give more contrast to the start of a unit that has no gradient: behind a ReLU that is off, nothing is climbed.

    In a residual network that was not trained, a unit is one of the first convolution's behind a ReLU, and for noise
    that is nearly grey half of them are off.
    """
    rows, columns = torch.arange(len(units)), torch.tensor(list(units))
    for _ in range(_WAKES):
        torch.autograd.backward(reader(pictures())[rows, columns].sum())
        slope = pictures.coefficients.grad
        assert slope is not None
        off = ~slope.flatten(1).any(dim=1)
        pictures.zero_grad()
        if not bool(off.any()):
            return
        with torch.no_grad():
            pictures.coefficients[off] *= _LOUDER


class Jitter:
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
