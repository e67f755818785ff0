"""The optimisers, their parameters in groups, and the rates of a step."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

from artbench.pretrain.method import ParameterGroup
from artbench.pretrain.settings import Settings

# Trust coefficient of LARS.
_TRUST = 0.001


def make_optimizer(settings: Settings, groups: Iterable[ParameterGroup]) -> torch.optim.Optimizer:
    """The optimiser of the settings; `set_rates` sets its rates before each step."""
    made = [
        {"params": list(group.parameters), "lr_factor": group.lr, "decay_factor": group.weight_decay}
        for group in groups
    ]
    lr, momentum = settings.scaled_lr, settings.optimizer_momentum
    optimizer: torch.optim.Optimizer
    match settings.optimizer:
        case "sgd":
            optimizer = torch.optim.SGD(made, lr=lr, momentum=momentum)
        case "lars":
            optimizer = LARS(made, lr=lr, momentum=momentum, weight_decay=0)
        case "adamw":
            optimizer = torch.optim.AdamW(made, lr=lr)
    set_rates(optimizer, lr=lr, weight_decay=settings.weight_decay)
    return optimizer


def set_rates(optimizer: torch.optim.Optimizer, *, lr: float, weight_decay: float) -> None:
    """Set the learning rate and weight decay of the next step, times the factors of each group."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["lr_factor"]
        group["weight_decay"] = weight_decay * group["decay_factor"]


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling (You et al. 2017), as MoCo v3 and BYOL use it.

    Biases and the parameters of normalisation layers (those of one dimension) get neither decay nor scaling.
    """

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter] | Iterable[dict[str, Any]],
        *,
        lr: float,
        momentum: float,
        weight_decay: float,
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:
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
            scale = _TRUST * norm / gradient_norm
            gradient = gradient * torch.where((norm > 0) & (gradient_norm > 0), scale, torch.ones_like(scale))
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        state["momentum_buffer"].mul_(group["momentum"]).add_(gradient)
        parameter.add_(state["momentum_buffer"], alpha=-group["lr"])
