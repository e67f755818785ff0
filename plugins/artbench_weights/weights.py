"""Weights that are there from the start, or that somebody publishes."""

from artbench.encoders.backbone import Backbone
from artbench.encoders.weights import Weights
from artbench.errors import ArtbenchError


def random(backbone: Backbone) -> Weights:
    """The initialisation that the backbone holds, made from the run's seed."""
    return Weights(state=backbone.module.state_dict(), source="initialisation")


def imagenet(backbone: Backbone) -> Weights:
    """The supervised ImageNet weights that the backbone's makers publish.

    Raises:
        ArtbenchError: They publish none.
    """
    return _published(backbone, "imagenet", "supervised ImageNet weights")


def published(backbone: Backbone) -> Weights:
    """The weights that the backbone's makers publish under its name.

    Raises:
        ArtbenchError: They publish none.
    """
    return _published(backbone, "published", "weights")


def _published(backbone: Backbone, name: str, what: str) -> Weights:
    if name in backbone.published:
        return backbone.published[name]()
    others = ", ".join(f"--pretraining {other}" for other in sorted(backbone.published))
    raise ArtbenchError(
        f"no {what} are published for {backbone.name}",
        mend=f"There is {others or '--pretraining random'}, or a weights file as --pretraining PATH",
    )
