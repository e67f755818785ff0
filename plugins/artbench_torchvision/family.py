"""Names of torchvision's classification models, with `torchvision_` before them: timm has a `resnet50` too."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from artbench.specs import BackboneSpec

if TYPE_CHECKING:
    from artbench.encoders import Backbone

PREFIX = "torchvision_"


def resolve(name: str) -> BackboneSpec | None:
    """Return the backbone `torchvision_<name>`, if torchvision has such a model; None for other names."""
    if not name.startswith(PREFIX):
        return None
    model = name.removeprefix(PREFIX)
    return BackboneSpec(
        name=name,
        description=f"{model} of torchvision",
        factory=partial(_build, model, name),
        variants={"size": ()},
    )


def names() -> Sequence[str]:
    """Return all names."""
    from torchvision import models

    return [PREFIX + model for model in models.list_models(module=models)]


def _build(model: str, name: str, **options: int) -> "Backbone":
    # It needs torchvision, which takes seconds to import.
    from artbench_torchvision.backbone import build

    return build(model, name, **options)
