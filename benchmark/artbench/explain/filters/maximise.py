"""Activation maximisation: the pictures that the units of a layer respond to most, all at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from artbench.explain.filters.ascent import Ascent
from artbench.explain.filters.reader import UnitReader
from artbench.explain.filters.spectrum import FourierPictures
from artbench.explain.filters.wobble import Wobble
from artbench.runtime.progress import Counter

# How often, and by how much, the contrast of a start is raised.
_WAKES, _LOUDER = 3, 4.0


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
    pictures, wobble = FourierPictures(seeds, side=ascent.side).to(device), Wobble(seeds)
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
