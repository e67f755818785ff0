"""What a pretraining gives a backbone."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from artbench.encoders.provenance import TrainingPool
from artbench.records.parts import TrainingState


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
