"""The encoder: a backbone with the weights of one pretraining, frozen, in eval mode."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch

from artbench.encoders.backbone import Backbone
from artbench.encoders.corpus import Corpus
from artbench.encoders.provenance import TrainingPool
from artbench.encoders.readout import Place, chosen_place, read_out
from artbench.encoders.text import TextSide
from artbench.records.encoder_state import TrainingState
from artbench.specs import BackboneSpec, Factory


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """A frozen network that features are extracted with.

    Attributes:
        backbone: Name of the backbone.
        backbone_version: Version of its code (`BackboneSpec.version`).
        pretraining: Name of the pretraining or of the checkpoint.
        module: Maps normalised float32 images (n, 3, height, width) to features (n, feature_dim).
        feature_dim: Length of a feature vector.
        mean: Mean of each channel, of RGB in [0, 1].
        std: Standard deviation of each channel, of RGB in [0, 1].
        input_size: Side in pixels of the square images it takes, None if it takes any size.
        weights_sha256: Digest of its state dict (`state_digest`), 64 hexadecimal digits.
        source: Origin of the weights.
        parameters: Number of parameters.
        pool: Pretraining pool of the weights, if its image ids are known.
        training: How artbench trained the weights, if it did.
        corpus: The images that the weights were trained on, if that is stated.
        text: What makes its text side (`BackboneSpec.text`); None: it sees pictures alone.
        network: The backbone that holds the weights; None where the module is not read out of one.
        place: Where in the network the features are read.
    """

    backbone: str
    backbone_version: int = 1
    pretraining: str
    module: torch.nn.Module
    feature_dim: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    input_size: int | None
    weights_sha256: str
    source: str
    parameters: int
    pool: TrainingPool | None = None
    training: TrainingState | None = None
    corpus: Corpus | None = None
    text: Factory[[torch.nn.Module], TextSide] | None = None
    network: Backbone | None = None
    place: Place = field(default_factory=Place)

    def at(self, spec: BackboneSpec) -> "Encoder":
        """The same network, read where the variant of `spec` says.

        Raises:
            UsageError: The network has no such place.
        """
        assert self.network is not None
        place = chosen_place(self.network, spec.variant)
        module, (width,) = read_out(self.network, [place])
        return replace(self, backbone=spec.name, module=module, feature_dim=width, place=place)


def joined(encoders: Sequence[Encoder]) -> Encoder:
    """One network read at the places of several encoders, whose features come one after the other in one pass."""
    first = encoders[0]
    if len(encoders) == 1:
        return first
    assert first.network is not None
    module, widths = read_out(first.network, [encoder.place for encoder in encoders])
    return replace(first, backbone=first.network.name, module=module, feature_dim=sum(widths))
