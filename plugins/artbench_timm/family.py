"""Names of timm models, with and without a pretrained tag: `resnet50`, `resnet50.a1_in1k`."""

from collections.abc import Sequence
from functools import cache, partial

from artbench.specs import BackboneSpec

# timm's modules of vision transformers with as many attention heads in every block.
_TRANSFORMERS = ("vision_transformer", "deit", "beit", "eva")


def resolve(name: str) -> BackboneSpec | None:
    """Return the backbone that timm calls `name`; None if timm has no such model or tag."""
    # Models are named like functions; for other names timm, which takes seconds, is not imported.
    if not name.partition(".")[0].isidentifier() or name not in _known():
        return None
    from timm.models import is_model_in_modules

    from artbench_timm.backbone import build

    plain = is_model_in_modules(name.partition(".")[0], _TRANSFORMERS)
    keys = ("size", "heads") if plain else ("size",)
    return BackboneSpec(
        name=name, description=f"{name} of timm", factory=partial(build, name), variants=dict.fromkeys(keys, ())
    )


def names() -> Sequence[str]:
    """Return all names, each model before its tags."""
    return sorted(_known())


@cache
def _known() -> frozenset[str]:
    import timm

    return frozenset(timm.list_models(include_tags=True)) | frozenset(timm.list_models())
