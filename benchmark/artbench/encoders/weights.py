"""The weights that a pretraining gives a backbone, and the digest of a state dict."""

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from artbench.encoders.provenance import TrainingPool
from artbench.records.parts import TrainingState

BATCH_COUNTER = "num_batches_tracked"


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A state dict for one backbone and its preprocessing.

    Attributes:
        state: Tensors by their name in the backbone's module; others are left out with a notice.
        source: Origin in a few words, without local folders: `timm/resnet50.a1_in1k`.
        mean: Mean of each channel, of RGB in [0, 1]; None: the backbone's.
        std: Standard deviation of each channel, of RGB in [0, 1]; None: the backbone's.
        pool: The pretraining pool, if known by image ids.
        training: Training by artbench, if any.
    """

    state: Mapping[str, torch.Tensor]
    source: str
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    pool: TrainingPool | None = None
    training: TrainingState | None = None


def is_batch_counter(name: str) -> bool:
    """Whether a key of a state dict counts a batch norm's batches: unused in eval mode, absent from old checkpoints."""
    return name.rpartition(".")[2] == BATCH_COUNTER


def state_digest(state: Mapping[str, torch.Tensor]) -> str:
    """Return the SHA-256 over name, dtype, shape and little-endian bytes of each tensor, sorted by name.

    Encoders with the same digest give the same features. Batch counters, which change nothing in eval mode, are left
    out. The digest has 64 hexadecimal digits.
    """
    digest = hashlib.sha256(b"artbench weights\n")
    for name in sorted(state):
        if is_batch_counter(name):
            continue
        tensor = state[name].detach()
        dtype = str(tensor.dtype).removeprefix("torch.")
        digest.update(f"{name}\0{dtype}\0{tuple(tensor.shape)}\n".encode())
        digest.update(_little_endian(tensor))
    return digest.hexdigest()


def _little_endian(tensor: torch.Tensor) -> bytes:
    # As bytes, because NumPy has no bfloat16.
    data = tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    if sys.byteorder == "big":
        data = data.reshape(-1, tensor.element_size())[:, ::-1].reshape(-1)
    return data.tobytes()
