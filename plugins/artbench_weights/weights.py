"""Weights that are there from the start, or that somebody publishes."""

from artbench.encoders.backbone import Backbone
from artbench.encoders.weights import Weights
from artbench.errors import ArtbenchError
from artbench.specs import INITIALISATION


def random(backbone: Backbone) -> Weights:
    """The initialisation that the backbone holds, made from the run's seed."""
    return Weights(state=backbone.module.state_dict(), source=INITIALISATION)


def none(backbone: Backbone) -> Weights:
    """No weights, for a backbone that has none.

    Raises:
        ArtbenchError: It has.
    """
    if any(True for _ in backbone.module.parameters()):
        raise ArtbenchError(
            f"{backbone.name} has weights", mend="--pretraining random takes them as they are initialised"
        )
    return Weights(state=backbone.module.state_dict(), source=INITIALISATION)


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
    if not any(True for _ in backbone.module.parameters()):
        raise ArtbenchError(f"{backbone.name} has nothing to learn, and no weights", mend="Use --pretraining none")
    others = ", ".join(f"--pretraining {other}" for other in sorted(backbone.published))
    raise ArtbenchError(
        f"no {what} are published for {backbone.name}",
        mend=f"There is {others or '--pretraining random'}, or a weights file as --pretraining PATH",
    )
