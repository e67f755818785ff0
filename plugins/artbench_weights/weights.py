"""Weights from the initialisation, or published with a backbone."""

from artbench.encoders import Backbone, Weights
from artbench.errors import ArtbenchError
from artbench.specs import INITIALISATION


def random(backbone: Backbone) -> Weights:
    """Return the backbone's initialisation, made from the run's seed.

    Raises:
        ArtbenchError: The backbone has no parameters, so that the same would be on record under two names.
    """
    if not any(True for _ in backbone.module.parameters()):
        raise ArtbenchError(f"{backbone.name} has nothing to learn, and no weights", mend="Use --pretraining none")
    return Weights(state=backbone.module.state_dict(), source=INITIALISATION)


def none(backbone: Backbone) -> Weights:
    """Return no weights, for a backbone without parameters.

    Raises:
        ArtbenchError: The backbone has parameters.
    """
    if any(True for _ in backbone.module.parameters()):
        raise ArtbenchError(
            f"{backbone.name} has weights", mend="--pretraining random takes them as they are initialised"
        )
    return Weights(state=backbone.module.state_dict(), source=INITIALISATION)


def imagenet(backbone: Backbone) -> Weights:
    """Return the supervised ImageNet weights published with the backbone.

    Raises:
        ArtbenchError: None are published.
    """
    return _published(backbone, "imagenet", "supervised ImageNet weights")


def published(backbone: Backbone) -> Weights:
    """Return the weights published under the backbone's name.

    Raises:
        ArtbenchError: None are published.
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
