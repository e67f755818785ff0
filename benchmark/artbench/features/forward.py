"""The forward pass of an encoder, sped up by memory layout, folded norms, kept casts and a copy per thread."""

import copy
import threading
from collections.abc import Callable
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import linear

from artbench.encoders.encoder import Encoder
from artbench.features.folding import fold_norms

Pixels = NDArray[np.uint8]


class Forward:
    """The way from uint8 pixels to features on one device; several threads may call it, `copies` of them at once.

    The copies of the module share the weights and nothing else, so that a module that stores something while it
    computes, such as one with hooks, does not mix two batches.

    Args:
        encoder: Encoder; its module is moved to the device.
        device: `cpu`, `cuda`, `mps`, or `cuda:1`.
        side: Side of the square images in pixels.
        dtype: Number type: float32, or bfloat16 by autocast.
        copies: Number of threads that compute at once.
        compiled: Whether to compile the network by `torch.compile`, which takes minutes.
        prepared: Whether to speed up the network first (layout, batch norms, casts), which takes as long as some
            images.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        device: str,
        side: int,
        dtype: torch.dtype,
        copies: int = 1,
        compiled: bool = False,
        prepared: bool = True,
    ) -> None:
        self.compiled = compiled
        self._device = torch.device(device)
        self._dtype = dtype
        self._mean = 255 * torch.tensor(encoder.mean, device=self._device).view(1, 3, 1, 1)
        self._std = 255 * torch.tensor(encoder.std, device=self._device).view(1, 3, 1, 1)
        self._channels_last = is_convolutional(encoder.module)
        layout = torch.channels_last if self._channels_last and prepared else torch.preserve_format
        module = encoder.module.to(self._device).to(memory_format=layout).eval()
        own = sharing_copy(module) if prepared else None
        if own is not None:
            module = own
            fold_norms(module, side=side)
            if dtype != torch.float32:
                keep_casts(module, dtype)
        self._modules: list[Callable[[torch.Tensor], torch.Tensor]]
        # A compiled module has no hooks that could store something: one serves all threads.
        self._modules = [torch.compile(module, dynamic=False)] * copies if compiled else [*_copies(module, copies)]
        self._free = threading.Semaphore(len(self._modules))

    def __call__(self, pixels: Pixels) -> NDArray[np.float32]:
        """Compute features, float32, shape (n, d), of images, uint8, shape (n, height, width, 3)."""
        with self._free:
            module = self._modules.pop()
            try:
                return self._compute(module, pixels)
            finally:
                self._modules.append(module)

    def on_device(self, pixels: torch.Tensor) -> torch.Tensor:
        """Compute features, float32, shape (n, d), of images, uint8, shape (n, height, width, 3), on the device.

        For one thread. On CUDA it returns when the work is queued.
        """
        return self._features(self._modules[0], pixels)

    def _compute(self, module: Callable[[torch.Tensor], torch.Tensor], pixels: Pixels) -> NDArray[np.float32]:
        return self._features(module, torch.from_numpy(pixels).to(self._device)).cpu().numpy()

    @torch.inference_mode()
    def _features(self, module: Callable[[torch.Tensor], torch.Tensor], pixels: torch.Tensor) -> torch.Tensor:
        # Decoded images are channels_last in memory already.
        batch = pixels.permute(0, 3, 1, 2).float()
        batch = batch.sub_(self._mean).div_(self._std)
        if not self._channels_last:
            batch = batch.contiguous()
        with torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32):
            features = module(batch)
        # A view of a weight, even in inference mode, would still require a gradient.
        return features.float().detach()


def is_convolutional(module: torch.nn.Module) -> bool:
    """Return whether a module has several convolutions; a vision transformer has one, which cuts patches."""
    return sum(isinstance(part, torch.nn.Conv2d) for part in module.modules()) > 1


def _copies(module: torch.nn.Module, count: int) -> list[torch.nn.Module]:
    """Return the module and copies that share its tensors; the module alone if it can't be copied."""
    copies = (sharing_copy(module) for _ in range(count - 1))
    return [module, *(copy for copy in copies if copy is not None)]


def sharing_copy(module: torch.nn.Module) -> torch.nn.Module | None:
    """Copy a module except for its tensors, which are shared; return None if it holds what can't be copied."""
    tensors: dict[int, object] = {id(tensor): tensor for tensor in chain(module.parameters(), module.buffers())}
    try:
        return copy.deepcopy(module, tensors)
    except Exception:  # Locks, sessions and handles of a plugin's module may raise anything when copied.
        return None


def keep_casts(module: torch.nn.Module, dtype: torch.dtype) -> None:
    """Keep a frozen network's weights in the type that autocast computes in, for the same bits in less time.

    Autocast caches casts of trainable weights only and casts those of a frozen network for every batch: tens of
    milliseconds for a ResNet-50. Here linear layers and convolutions hold the casts and use them under autocast.

    Args:
        module: Network; its weights don't change, and the casts are not in its state dict.
        dtype: Type of the autocast.
    """
    for part in module.modules():
        # Not subclasses, which may use their weights otherwise, nor weights that are computed from others.
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
