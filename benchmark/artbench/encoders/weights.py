"""The weights that a pretraining gives a backbone, and the digest of a state dict."""

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from artbench.encoders.corpus import Corpus
from artbench.encoders.provenance import TrainingPool
from artbench.records.encoder_state import TrainingState


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A state dict for one backbone and its preprocessing.

    Attributes:
        state: Tensors by their name in the backbone's module; others are left out with a notice.
        source: Origin in a few words, without local folders, such as `timm/resnet50.a1_in1k`.
        mean: Mean of each channel, of RGB in [0, 1]; None: the backbone's.
        std: Standard deviation of each channel, of RGB in [0, 1]; None: the backbone's.
        pool: Pretraining pool of the weights, if its image ids are known.
        training: How artbench trained the weights, if it did.
        corpus: The images that the weights were trained on; None if that is not stated. `pool` counts before it.

    Examples:
        >>> import torch
        >>> from artbench.encoders import Weights
        >>> Weights(state={"fc.weight": torch.zeros(2, 3)}, source="a drawer").mean is None
        True
    """

    state: Mapping[str, torch.Tensor]
    source: str
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    pool: TrainingPool | None = None
    training: TrainingState | None = None
    corpus: Corpus | None = None


def is_batch_counter(name: str) -> bool:
    """Whether a key of a state dict counts a batch norm's batches: unused in eval mode, absent from old checkpoints."""
    return name.rpartition(".")[2] == "num_batches_tracked"


def state_digest(state: Mapping[str, torch.Tensor]) -> str:
    """Return the SHA-256 over name, dtype, shape and little-endian bytes of each tensor, sorted by name.

    Encoders with the same digest give the same features: batch counters, unused in eval mode, are left out. The digest
    has 64 hexadecimal digits.
    """
    digest = hashlib.sha256(b"artbench weights\n")
    for name in sorted(state):
        if is_batch_counter(name):
            continue
        tensor = state[name].detach()
        dtype = str(tensor.dtype).removeprefix("torch.")
        digest.update(f"{name}\0{dtype}\0{tuple(tensor.shape)}\n".encode())
        # As bytes, because NumPy has no bfloat16.
        data = tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        if sys.byteorder == "big":
            data = data.reshape(-1, tensor.element_size())[:, ::-1].reshape(-1)
        digest.update(data.tobytes())
    return digest.hexdigest()
