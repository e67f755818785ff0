"""What the units of one layer give for pictures, computed no further than that layer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import torch
from torch.nn import functional

from artbench.explain.filters.depths import Depth

_BELOW = 0.1


class _Reached(Exception):  # noqa: N818  it ends a forward pass that has done its work
    pass


class UnitReader:
    """A network up to one layer.

    Args:
        module: The network, as `artbench.explain.filters.depths.readable` gives it.
        depth: The layer.
        mean: Per channel, of RGB in [0, 1].
        std: Per channel, of RGB in [0, 1].
    """

    def __init__(self, module: torch.nn.Module, depth: Depth, *, mean: Sequence[float], std: Sequence[float]) -> None:
        self._module, self._depth = module, depth
        device = next(iter(module.parameters())).device
        self._mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(std, device=device).view(1, 3, 1, 1)

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """How much each unit responds, (n, units), to pictures: RGB in [0, 1], (n, 3, height, width).

        The mean over its map; values below zero count a tenth.
        """
        normalised = ((pictures - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        with self._reading() as read, suppress(_Reached):
            self._module(normalised)
        # Of a filter that sums to zero the mean says nothing, so what is above zero counts; that a unit far below
        # climbs at all, what is below counts a little.
        value = functional.leaky_relu(read[0], _BELOW)
        place = self._depth.place
        if place.kind == "maps":
            return value.mean(dim=(2, 3))
        if place.kind == "maps, channels last":
            return value.mean(dim=(1, 2))
        return value[:, place.prefix :].mean(dim=1)

    @contextmanager
    def _reading(self) -> Iterator[list[torch.Tensor]]:
        read: list[torch.Tensor] = []
        calls = 0

        def reach(tensor: torch.Tensor) -> None:
            nonlocal calls
            calls += 1
            if calls == self._depth.call + 1:
                read.append(tensor)
                raise _Reached

        part = self._module.get_submodule(self._depth.hook)
        if self._depth.before:
            hook = part.register_forward_pre_hook(lambda _, given: reach(given[0]))
        else:
            hook = part.register_forward_hook(lambda _, __, output: reach(output))
        try:
            yield read
        finally:
            hook.remove()
