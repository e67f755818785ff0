"""Calls of an objective's targets and loss, compiled where that is asked for."""

from collections.abc import Callable, Mapping

import torch

from artbench.pretrain.method import Networks, Objective


class Calls:
    """Calls of an objective, compiled or not, backward pass included.

    What an objective does in Python alone is done while compiling, and again where numbers that it looked at have
    changed; what can't be compiled is left as it is.
    """

    def __init__(self, *, compiled: bool) -> None:
        self.embed: Callable[..., torch.Tensor] = torch.compile(_embed) if compiled else _embed
        self.loss: Callable[..., torch.Tensor] = torch.compile(_loss) if compiled else _loss


def _embed(objective: Objective, networks: Networks, views: tuple[torch.Tensor, ...]) -> torch.Tensor:
    return objective.embed(networks, views)


def _loss(
    objective: Objective,
    networks: Networks,
    views: tuple[torch.Tensor, ...],
    targets: torch.Tensor,
    own: slice,
    more: Mapping[str, torch.Generator],
) -> torch.Tensor:
    return objective.loss(networks, views, targets, own, **more)
