"""Names of timm models, with and without a pretrained tag: `resnet50`, `resnet50.a1_in1k`."""

from collections.abc import Sequence
from functools import cache, partial

from artbench.specs import BackboneSpec


def resolve(name: str) -> BackboneSpec | None:
    """Return the backbone that timm calls `name`; None if timm has no such model or tag."""
    # Models are named like functions; for other names timm, which takes seconds, is not imported.
    if not name.partition(".")[0].isidentifier() or name not in _known():
        return None
    from artbench_timm.backbone import build

    return BackboneSpec(name=name, description=f"{name} of timm", factory=partial(build, name), variants={"size": ()})


def names() -> Sequence[str]:
    """Return all names, each model before its tags."""
    return sorted(_known())


@cache
def _known() -> frozenset[str]:
    import timm

    return frozenset(timm.list_models(include_tags=True)) | frozenset(timm.list_models())
