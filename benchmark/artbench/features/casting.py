"""Weights in the type that a network computes in, made once and not for every batch."""

import torch
from torch.nn.functional import linear


def keep_casts(module: torch.nn.Module, dtype: torch.dtype) -> None:
    """Let a frozen network keep its weights in the type that autocast computes in: sooner, and to the same bits.

    Autocast keeps casts only of weights that are trained. Those of a frozen network it makes anew for every batch:
    tens of milliseconds for a ResNet-50. Here linear layers and convolutions keep the casts themselves, and use
    them where autocast is on; all else is left to autocast.

    Args:
        module: Its weights stay as they are; the casts are not in its state.
        dtype: That autocast is asked for.
    """
    for part in module.modules():
        # Not subclasses, which may do something else with their weights, nor weights that are made from others.
        kind = {torch.nn.Linear: _Linear, torch.nn.Conv2d: _Conv2d}.get(type(part))
        own = dict(part.named_parameters(recurse=False))
        if kind is not None and "weight" in own:
            part.__class__ = kind
            for name in ("weight", "bias"):
                cast = own[name].detach().to(dtype) if name in own else None
                part.register_buffer(f"cast_{name}", cast, persistent=False)


class _Linear(torch.nn.Linear):
    cast_weight: torch.Tensor
    cast_bias: torch.Tensor | None

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if torch.is_autocast_enabled(inputs.device.type):
            return linear(inputs, self.cast_weight, self.cast_bias)
        return super().forward(inputs)


class _Conv2d(torch.nn.Conv2d):
    cast_weight: torch.Tensor
    cast_bias: torch.Tensor | None

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if torch.is_autocast_enabled(inputs.device.type):
            convolved: torch.Tensor = self._conv_forward(inputs, self.cast_weight, self.cast_bias)
            return convolved
        return super().forward(inputs)
