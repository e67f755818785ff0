"""Names of torchvision's classification models, with `torchvision_` before them: timm has a `resnet50` too."""

from collections.abc import Sequence
from functools import partial

from artbench.specs import BackboneSpec

PREFIX = "torchvision_"


def resolve(name: str) -> BackboneSpec | None:
    """Return the backbone `torchvision_<name>`; None if torchvision has no such model."""
    if not name.startswith(PREFIX) or name not in names():
        return None
    from artbench_torchvision.backbone import build

    model = name.removeprefix(PREFIX)
    return BackboneSpec(
        name=name,
        description=f"{model} of torchvision",
        factory=partial(build, model, name),
        variants={"size": ()},
    )


def names() -> Sequence[str]:
    """Return all names."""
    from torchvision import models

    return [PREFIX + model for model in models.list_models(module=models)]
