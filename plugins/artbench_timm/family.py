"""Names of timm models, with and without a pretrained tag: `resnet50`, `resnet50.a1_in1k`."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from artbench.specs import BackboneSpec
from artbench_timm.listing import listing

if TYPE_CHECKING:
    from artbench.encoders import Backbone


def resolve(name: str) -> BackboneSpec | None:
    """Return the backbone that timm calls `name`; None if timm has no such model or tag."""
    # Models are named like functions; for other names there is no need to look.
    if not name.partition(".")[0].isidentifier() or name not in listing():
        return None
    keys = ("size", "heads") if listing()[name] else ("size",)
    return BackboneSpec(
        name=name, description=f"{name} of timm", factory=partial(_build, name), variants=dict.fromkeys(keys, ())
    )


def names() -> Sequence[str]:
    """Return all names, each model before its tags."""
    return sorted(listing())


def _build(name: str, **options: int) -> "Backbone":
    # It needs timm, which takes seconds to import.
    from artbench_timm.backbone import build

    return build(name, **options)
