"""Sizes of a backbone, counted on torch's meta device: without weights, memory or computation."""

import torch

from artbench.encoders.build import unseeded
from artbench.encoders.readout import chosen_place, read_out
from artbench.errors import ArtbenchError
from artbench.specs import BackboneSpec


def counted_sizes(spec: BackboneSpec) -> tuple[int, int, int | None] | None:
    """Return the number of parameters, the length of features and the side of images (None: any) of a backbone.

    None: it can't be built on the meta device.

    Raises:
        UsageError: It has no such variant.
    """
    try:
        with torch.device("meta"):
            built = unseeded(spec)
            _, (width,) = read_out(built, [chosen_place(built, spec.variant)])
    except (ArtbenchError, RuntimeError, NotImplementedError, TypeError, ValueError, AssertionError):
        return None
    return sum(parameter.numel() for parameter in built.module.parameters()), width, built.input_size
