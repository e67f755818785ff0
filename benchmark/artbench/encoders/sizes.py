"""Sizes of a backbone, counted on torch's meta device: without weights, memory or computation."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from artbench.encoders.build import canonical, unseeded
from artbench.encoders.corpus import Corpus
from artbench.encoders.readout import chosen_place, read_out
from artbench.errors import ArtbenchError, UsageError
from artbench.specs import BackboneSpec


@dataclass(frozen=True, kw_only=True)
class CountedSizes:
    """Sizes of a backbone, and where it is read.

    Attributes:
        name: Name that goes on record, without choices that are the backbone's own.
        parameters: Number of parameters.
        feature_dim: Length of a feature vector.
        input_size: Side of images in pixels; None: any.
        pooling: How its features are pooled; empty if it does not say.
        corpora: What its published weights were trained on, by the name of the pretraining (`Backbone.corpora`).
    """

    name: str
    parameters: int
    feature_dim: int
    input_size: int | None
    pooling: str
    corpora: Mapping[str, Corpus]


def counted_sizes(spec: BackboneSpec) -> CountedSizes | None:
    """Return the sizes of a backbone; None: it can't be built on the meta device.

    Raises:
        UsageError: It has no such variant.
    """
    try:
        with torch.device("meta"):
            built = unseeded(spec)
            place = chosen_place(built, spec.variant)
            _, (width,) = read_out(built, [place])
            name = canonical(spec).name
    except UsageError:
        raise
    except (ArtbenchError, RuntimeError, NotImplementedError, TypeError, ValueError, AssertionError):
        return None
    return CountedSizes(
        name=name,
        parameters=sum(parameter.numel() for parameter in built.module.parameters()),
        feature_dim=width,
        input_size=built.input_size,
        pooling=place.pool,
        corpora=built.corpora,
    )
