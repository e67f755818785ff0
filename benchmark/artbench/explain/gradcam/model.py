"""The frozen encoder and its probe as one differentiable network, from pixels to logits."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from artbench.encoders.encoder import Encoder
from artbench.probe.linear import FittedProbe


class ProbedEncoder(torch.nn.Module):
    """Pixels to logits: normalisation, encoder, and the probe (z-score and regression folded into one linear layer).

    It gives the logits that the probe gives on stored features. The encoder is a copy whose values are the same and
    whose activations can be hooked: none works in place, and a clipped ReLU counts as the ReLU it is.

    Args:
        encoder: The frozen encoder.
        probe: Fitted on its features.
        dtype: In which the features were computed: float32, or bfloat16 by autocast. In another one the predictions
            would not be the record's.
    """

    def __init__(self, encoder: Encoder, probe: FittedProbe, *, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self._dtype = dtype
        self.backbone = encoder.backbone
        self.encoder = _hookable(copy.deepcopy(encoder.module))
        self.head = _linear(probe)
        self.mean: torch.Tensor
        self.std: torch.Tensor
        self.register_buffer("mean", 255 * torch.tensor(encoder.mean).view(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(encoder.std).view(1, 3, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Logits, float64, shape (n, classes), of RGB in [0, 255], float32, shape (n, 3, height, width)."""
        with torch.autocast(pictures.device.type, self._dtype, enabled=self._dtype != torch.float32):
            features: torch.Tensor = self.encoder((pictures - self.mean) / self.std)
        logits: torch.Tensor = self.head(features.double())
        return logits

    def pictures(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """What `forward` takes, of decoded pictures: uint8, shape (n, height, width, 3)."""
        return torch.from_numpy(pixels).to(self.mean.device).permute(0, 3, 1, 2).float()


class ClippedReLU(torch.nn.ReLU):
    """ReLU6 as a kind of `torch.nn.ReLU`, which is what captum's guided backpropagation looks for.

    Its rule then holds as it should: the gradient passes where 0 < x < 6 and it is positive.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002  torch calls it so
        """Values in [0, 6]."""
        return functional.relu6(input)


def _hookable(module: torch.nn.Module) -> torch.nn.Module:
    for name, part in list(module.named_modules()):
        if isinstance(part, torch.nn.ReLU6) and name:
            module.set_submodule(name, ClippedReLU())
        elif isinstance(getattr(part, "inplace", None), bool):
            part.inplace = False
    return module


def _linear(probe: FittedProbe) -> torch.nn.Linear:
    weight = torch.from_numpy(np.ascontiguousarray(probe.weight.T))
    linear = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.copy_(torch.from_numpy(probe.bias))
    return linear
