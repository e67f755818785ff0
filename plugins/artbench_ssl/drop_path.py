"""Stochastic depth: in training, residual branches are left out at random, image by image."""

import torch

# Where the blocks of timm's transformers have it.
_PLACES = ("drop_path1", "drop_path2")


class DropPath(torch.nn.Module):
    """Leaves out a branch of some images, and enlarges that of the others (Huang et al. 2016, arXiv 1603.09382).

    Args:
        rate: Probability of leaving it out.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: torch.Tensor) -> torch.Tensor:
        """Return the branch, or 0 for some images; shape (n, ...)."""
        if not self.training:
            return branch
        keep = 1 - self.rate
        drawn = torch.rand((len(branch), *[1] * (branch.ndim - 1)), dtype=branch.dtype, device=branch.device)
        return branch / keep * (keep + drawn).floor()


def drop_paths(network: torch.nn.Module, rate: float) -> None:
    """Give the blocks of a transformer rates from 0 to `rate`, by their depth; other networks stay as they are.

    Blocks are known by places for it that are empty, one after each of their two branches.
    """
    blocks = [
        module
        for module in network.modules()
        if all(isinstance(getattr(module, place, None), torch.nn.Identity) for place in _PLACES)
    ]
    for number, block in enumerate(blocks):
        own = rate * number / max(1, len(blocks) - 1)
        for place in _PLACES if own else ():
            setattr(block, place, DropPath(own))
