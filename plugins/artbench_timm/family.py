"""Names of timm models, with and without a pretrained tag: `resnet50`, `resnet50.a1_in1k`."""

from collections.abc import Sequence
from functools import cache, partial

import timm

from artbench.specs import BackboneSpec
from artbench_timm.backbone import build


def resolve(name: str) -> BackboneSpec | None:
    """The backbone that timm calls `name`; None where timm has none, or not with this tag."""
    if name not in _known():
        return None
    return BackboneSpec(name=name, description=f"{name} of timm", factory=partial(build, name))


def names() -> Sequence[str]:
    """All names, each model before its tags."""
    return sorted(_known())


@cache
def _known() -> frozenset[str]:
    return frozenset(timm.list_models(include_tags=True)) | frozenset(timm.list_models())
