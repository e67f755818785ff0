"""Names of timm models, with and without a pretrained tag: `resnet50`, `resnet50.a1_in1k`."""

import re
from collections.abc import Sequence
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from artbench.specs import BackboneSpec

if TYPE_CHECKING:
    from artbench.encoders import Backbone

# timm's modules of vision transformers with as many attention heads in every block.
_TRANSFORMERS = ("vision_transformer", "deit", "beit", "eva")
_REGISTERED = re.compile(r"^@register_model\ndef (\w+)\(", re.MULTILINE)


def resolve(name: str) -> BackboneSpec | None:
    """Return the backbone that timm calls `name`, if it calls one so; None for what is no name of a model."""
    # Models are named like functions.
    model = name.partition(".")[0]
    if not model.isidentifier():
        return None
    keys = ("size", "heads") if model in _with_heads() else ("size",)
    return BackboneSpec(
        name=name, description=f"{name} of timm", factory=partial(_build, name), variants=dict.fromkeys(keys, ())
    )


def names() -> Sequence[str]:
    """Return all names, each model before its tags."""
    import timm

    return sorted({*timm.list_models(include_tags=True), *timm.list_models()})


@cache
def _with_heads() -> frozenset[str]:
    """Return the models whose blocks may have another number of heads; timm, which takes seconds, is not imported."""
    spec = find_spec("timm")
    folders = spec.submodule_search_locations or () if spec is not None else ()
    files = [Path(folder, "models", f"{module}.py") for folder in folders for module in _TRANSFORMERS]
    return frozenset(name for file in files for name in _REGISTERED.findall(file.read_text(encoding="utf-8")))


def _build(name: str, **options: int) -> "Backbone":
    # It needs timm, which takes seconds to import.
    from artbench_timm.backbone import build

    return build(name, **options)
