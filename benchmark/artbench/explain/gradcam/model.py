"""The frozen encoder and its probe as one differentiable network, from pixels to logits."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from artbench.encoders.encoder import Encoder
from artbench.plugins.known import form_of
from artbench.probe.linear import FittedProbe


class ProbedEncoder(torch.nn.Module):
    """Pixels to logits: normalisation, encoder, and the probe (z-score and regression folded into one linear layer).

    Its logits are those of the probe on stored features. The encoder is a copy whose values are the same and whose
    activations can be hooked: none works in place, and a clipped ReLU counts as the ReLU it is.

    Args:
        encoder: The frozen encoder.
        probe: The probe that was fitted on its features.
        dtype: Type in which the features were computed: float32, or bfloat16 by autocast. In another one the
            predictions would not be the record's.
    """

    def __init__(self, encoder: Encoder, probe: FittedProbe, *, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self._dtype, self._single_label = dtype, form_of(probe.target) == "class"
        self.backbone = encoder.backbone
        self.encoder = _hookable(copy.deepcopy(encoder.module))
        weight, bias = torch.from_numpy(np.ascontiguousarray(probe.weight.T)), torch.from_numpy(probe.bias)
        self.head = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        self.head.load_state_dict({"weight": weight, "bias": bias})
        self.mean: torch.Tensor
        self.std: torch.Tensor
        self.register_buffer("mean", 255 * torch.tensor(encoder.mean).view(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(encoder.std).view(1, 3, 1, 1))
        self.requires_grad_(False)
        self.eval()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Compute logits, float64, shape (n, classes), from RGB in [0, 255], float32, shape (n, 3, height, width)."""
        with torch.autocast(images.device.type, self._dtype, enabled=self._dtype != torch.float32):
            features: torch.Tensor = self.encoder((images - self.mean) / self.std)
        logits: torch.Tensor = self.head(features.double())
        return logits

    def images(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """Turn decoded images, uint8, shape (n, height, width, 3), into what `forward` takes."""
        return torch.from_numpy(pixels).to(self.mean.device).permute(0, 3, 1, 2).float()

    @torch.inference_mode()
    def probabilities(self, images: torch.Tensor) -> NDArray[np.float64]:
        """Compute probabilities, float64, shape (n, classes): a softmax, or a sigmoid for each label."""
        logits = self(images)
        found: NDArray[np.float64] = (logits.softmax(dim=1) if self._single_label else logits.sigmoid()).cpu().numpy()
        return found

    def grey(self, side: int) -> torch.Tensor:
        """A grey image for `forward`, shape (1, 3, side, side)."""
        return torch.full((1, 3, side, side), 127.0, device=self.mean.device)


class ClippedReLU(torch.nn.ReLU):
    """ReLU6 as a kind of `torch.nn.ReLU`, which is what captum's guided backpropagation looks for.

    The gradient then passes where 0 < x < 6 and it is positive.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002  torch's name
        """Clip values to [0, 6]."""
        return functional.relu6(input)


def _hookable(module: torch.nn.Module) -> torch.nn.Module:
    for name, part in list(module.named_modules()):
        if isinstance(part, torch.nn.ReLU6) and name:
            module.set_submodule(name, ClippedReLU())
        elif isinstance(getattr(part, "inplace", None), bool):
            part.inplace = False
    return module
