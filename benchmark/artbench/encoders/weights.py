"""What a pretraining gives a backbone."""

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
    """A state dict for one backbone, and the preprocessing that belongs to it.

    Attributes:
        state: Tensors by their name in the backbone's module; what the module lacks is left out with a notice.
        source: Where they are from, in a few words, without local folders: `timm/resnet50.a1_in1k`.
        mean: Per channel, of RGB in [0, 1]; None: the backbone's.
        std: Per channel, of RGB in [0, 1]; None: the backbone's.
        pool: The pictures they were pretrained on, where that is known by their ids.
        training: How artbench trained them, if it did.
    """

    state: Mapping[str, torch.Tensor]
    source: str
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    pool: TrainingPool | None = None
    training: TrainingState | None = None


def is_batch_counter(name: str) -> bool:
    """Whether a key of a state dict counts the batches that a batch normalisation was trained on.

    The count is not used in eval mode, and older checkpoints lack it.
    """
    return name.rpartition(".")[2] == BATCH_COUNTER


def state_digest(state: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over name, dtype, shape and little-endian bytes of each tensor, by name; 64 hexadecimal digits.

    Two encoders with the same digest give the same features, so the counters of batch normalisation, which
    change nothing in eval mode, are left out: weights are the same with and without them.
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
    # Seen as bytes, because NumPy has no bfloat16.
    data = tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    if sys.byteorder == "big":
        data = data.reshape(-1, tensor.element_size())[:, ::-1].reshape(-1)
    return data.tobytes()
