"""The optimisers, their parameters in groups, and the rates of a step."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

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


def coming_bytes(optimizer: torch.optim.Optimizer) -> int:
    """The bytes that the first step of an optimiser will add to its state; 0 after it."""
    if optimizer.state:
        return 0
    states = 2 if isinstance(optimizer, torch.optim.AdamW) else 1
    return sum(states * int(parameter.nbytes) for group in optimizer.param_groups for parameter in group["params"])


def norms_of(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """The norm of each tensor, shape (n,), on a GPU by few operations whatever their number.

    Examples:
        >>> import torch
        >>> from artbench.pretrain.optimizers import norms_of
        >>> norms_of([torch.tensor([3.0, 4.0]), torch.ones(4)])
        tensor([5., 2.])
    """
    return torch.stack(torch._foreach_norm(list(tensors)))  # noqa: SLF001  torch has no other name for it


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
            trained: list[torch.Tensor] = [parameter for parameter in group["params"] if parameter.grad is not None]
            if trained:
                self._update(trained, group)
        return loss

    def _update(self, parameters: list[torch.Tensor], group: dict[str, Any]) -> None:
        # Operations on all parameters at once: a GPU would wait for the host to begin one for each.
        gradients = [cast("torch.Tensor", parameter.grad) for parameter in parameters]
        wide = [place for place, parameter in enumerate(parameters) if parameter.ndim > 1]
        if wide:
            weights = [parameters[place] for place in wide]
            changed = torch._foreach_add(  # noqa: SLF001  torch has no other name for it
                [gradients[place] for place in wide], weights, alpha=group["weight_decay"]
            )
            norms, gradient_norms = norms_of(weights), norms_of(changed)
            scales = _TRUST * norms / gradient_norms
            scales = torch.where((norms > 0) & (gradient_norms > 0), scales, torch.ones_like(scales))
            torch._foreach_mul_(changed, scales.unbind())
            for place, tensor in zip(wide, changed, strict=True):
                gradients[place] = tensor
        momenta = [self._momentum(parameter) for parameter in parameters]
        torch._foreach_mul_(momenta, group["momentum"])
        torch._foreach_add_(momenta, gradients)
        torch._foreach_add_(parameters, momenta, alpha=-group["lr"])

    def _momentum(self, parameter: torch.Tensor) -> torch.Tensor:
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        return cast("torch.Tensor", state["momentum_buffer"])
