"""The forward pass as fast as the device does it: layout, type, threads."""

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
    """From uint8 pixels to features, on one device; several threads may call it, `copies` of them at once.

    Each copy of the module shares the weights and has everything else for itself, so that a module which keeps
    something on the side while it computes, as one with hooks does, never mixes up two batches.

    Args:
        encoder: The encoder. Its module is moved to the device.
        device: `cpu`, `cuda`, `mps`, or `cuda:1`.
        side: Of the square pictures, in pixels.
        dtype: In which to compute: float32, or bfloat16 by autocast.
        copies: How many threads compute at once.
        compiled: Whether to let `torch.compile` make kernels for this network, device and batch size: minutes once,
            for a pass that may be faster.
        prepared: Whether to make the network faster first: its layout, batch norms and casts. It takes as long as
            some pictures do.
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
        # What is compiled has no hooks left that could keep something on the side: one serves all threads.
        self._modules = [torch.compile(module, dynamic=False)] * copies if compiled else [*_copies(module, copies)]
        self._free = threading.Semaphore(len(self._modules))

    def __call__(self, pixels: Pixels) -> NDArray[np.float32]:
        """Features, shape (n, d), of pictures, shape (n, height, width, 3)."""
        with self._free:
            module = self._modules.pop()
            try:
                return self._compute(module, pixels)
            finally:
                self._modules.append(module)

    @torch.inference_mode()
    def _compute(self, module: Callable[[torch.Tensor], torch.Tensor], pixels: Pixels) -> NDArray[np.float32]:
        batch = torch.from_numpy(pixels)
        if self._device.type == "cuda":
            batch = batch.pin_memory()
        # In memory, pictures as they are decoded are channels_last already.
        batch = batch.to(self._device, non_blocking=True).permute(0, 3, 1, 2).float()
        batch = batch.sub_(self._mean).div_(self._std)
        if not self._channels_last:
            batch = batch.contiguous()
        with torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32):
            features = module(batch)
        return features.float().cpu().numpy()


def is_convolutional(module: torch.nn.Module) -> bool:
    """Whether it convolves more than once: the one convolution of a vision transformer cuts patches."""
    return sum(isinstance(part, torch.nn.Conv2d) for part in module.modules()) > 1


def _copies(module: torch.nn.Module, count: int) -> list[torch.nn.Module]:
    """The module and copies of it that share its tensors; the module alone, for one thread at a time, if it can't be
    copied."""  # noqa: D209
    copies = (sharing_copy(module) for _ in range(count - 1))
    return [module, *(copy for copy in copies if copy is not None)]


def sharing_copy(module: torch.nn.Module) -> torch.nn.Module | None:
    """A copy of a module that shares its tensors and has everything else for itself.

    Returns:
        None, if a foreign module holds what can't be copied: a lock, a session, a handle.
    """
    tensors: dict[int, object] = {id(tensor): tensor for tensor in chain(module.parameters(), module.buffers())}
    try:
        return copy.deepcopy(module, tensors)
    except Exception:  # Whatever a foreign module's parts raise when copied.
        return None


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
