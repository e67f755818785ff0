"""The optimisers by name, and LARS, which torch lacks."""

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch

from artbench.pretrain.settings import Settings


def make_optimizer(settings: Settings, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser of the settings; the schedule sets its learning rate before each step."""
    lr, decay = settings.scaled_lr, settings.weight_decay
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=lr, weight_decay=decay)
    kind = torch.optim.SGD if settings.optimizer == "sgd" else LARS
    return kind(parameters, lr=lr, momentum=settings.optimizer_momentum, weight_decay=decay)


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling (You et al. 2017), as MoCo v3 and BYOL use it.

    Biases and the parameters of normalisation layers (those of one dimension) get neither decay nor scaling.
    """

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter],
        *,
        lr: float,
        momentum: float,
        weight_decay: float,
        trust: float = 0.001,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "trust": trust})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update every parameter that has a gradient."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)
        return loss

    def _update(self, parameter: torch.nn.Parameter, group: dict[str, Any]) -> None:
        gradient = parameter.grad
        assert gradient is not None
        if parameter.ndim > 1:
            gradient = gradient.add(parameter, alpha=group["weight_decay"])
            norm, gradient_norm = parameter.norm(), gradient.norm()
            scale = group["trust"] * norm / gradient_norm
            gradient = gradient * torch.where((norm > 0) & (gradient_norm > 0), scale, torch.ones_like(scale))
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        state["momentum_buffer"].mul_(group["momentum"]).add_(gradient)
        parameter.add_(state["momentum_buffer"], alpha=-group["lr"])
