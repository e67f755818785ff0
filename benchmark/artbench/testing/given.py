"""A pretraining that has its weights already, as the checks look at it: what it gives one backbone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from artbench.encoders.backbone import Backbone
from artbench.encoders.build import build_backbone, seeded
from artbench.encoders.weights import Weights
from artbench.errors import ArtbenchError
from artbench.specs import BackboneSpec, PretrainingSpec
from artbench.testing.backbone_weights import digest_of
from artbench.testing.checks import Broken, Fault, factory_of, line


@dataclass(frozen=True, kw_only=True)
class Given:
    """Weights for one backbone.

    Attributes:
        spec: What was registered.
        factory: Gives weights.
        network: The backbone they are for.
        backbone: Built under seed 0, as it was handed over.
        before: Digest of the backbone's weights before that.
        weights: What came.
    """

    spec: PretrainingSpec
    factory: Callable[[Backbone], Any]
    network: BackboneSpec
    backbone: Backbone
    before: str
    weights: Weights

    def again(self, seed: int) -> tuple[Backbone, Weights]:
        """Another backbone, and the weights for it."""
        return _given(self.factory, self.network, seed)[::2]


def make_given(spec: PretrainingSpec, network: BackboneSpec) -> Given:
    """Ask for the weights of a backbone.

    Raises:
        Broken: The factory fails, or gives something else.
        ArtbenchError: There are no weights for it.
    """
    assert spec.weights is not None
    factory = factory_of(spec.weights, name="weights")
    backbone, before, weights = _given(factory, network, 0)
    return Given(spec=spec, factory=factory, network=network, backbone=backbone, before=before, weights=weights)


def _given(factory: Callable[[Backbone], Any], network: BackboneSpec, seed: int) -> tuple[Backbone, str, Weights]:
    with seeded(seed):
        backbone = build_backbone(network)
        before = digest_of(backbone.module)
        try:
            weights = factory(backbone)
        except ArtbenchError as error:
            raise ArtbenchError(
                f"it has no weights for the backbone {network.name} ({error.message})",
                mend="Name one that it has weights for: check_pretraining(…, backbone=…), or --backbone",
            ) from error
        except Exception as error:
            mend = "Raise ArtbenchError(what is wrong, mend=what to do) for a backbone that it has no weights for"
            raise Broken("weights", Fault(f"for {network.name} the factory raises {line(error)}", mend)) from error
    if not isinstance(weights, Weights):
        mend = "Return artbench.encoders.weights.Weights"
        raise Broken("weights", Fault(f"the factory returns a {type(weights).__name__}, not Weights", mend))
    return backbone, before, weights
