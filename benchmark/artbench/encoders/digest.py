"""Weights by their content: the same on every machine, device and layout in memory."""

import hashlib
import sys
from collections.abc import Mapping

import torch

BATCH_COUNTER = "num_batches_tracked"


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
