"""The check of a backbone's text side."""

from collections.abc import Iterator
from typing import Any

import torch

from artbench.encoders.text import TextSide
from artbench.specs import load_factory
from artbench.testing.built_backbone import BuiltBackbone
from artbench.testing.checks import Fault, line

_TEXTS = ("a painting of a harbour", "an etching", "a painting of a harbour")
# Least cosine of vectors that are to be the same.
_SAME = 0.9999


def texts(built: BuiltBackbone) -> Iterator[Fault]:
    """A text side gives one vector per text, as long as features, finite, the same for the same text."""
    if built.spec.text is None:
        return
    try:
        side: Any = load_factory(built.spec.text)(built.backbone.module)
        if not isinstance(side, TextSide):
            yield Fault(f"text returns {type(side).__name__}", "Return artbench.encoders.TextSide(embed=…, scale=…)")
            return
        with torch.inference_mode():
            found: Any = side.embed(list(_TEXTS))
    except Exception as error:
        yield Fault(f"texts raise {line(error)}", "Take a list of any texts, with the weights in the module")
        return
    wanted = (len(_TEXTS), built.backbone.feature_dim)
    if not isinstance(found, torch.Tensor) or tuple(found.shape) != wanted or not found.is_floating_point():
        shown = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
        yield Fault(f"vectors of {wanted[0]} texts are {shown}, not floats of shape {wanted}", "Return one for each")
    elif not torch.isfinite(found).all() or not found.any(dim=1).all():
        yield Fault("vectors of texts are NaN, infinite or zero", "Scale by the length only where it is above zero")
    elif torch.nn.functional.cosine_similarity(found[0], found[2], dim=0) < _SAME:
        yield Fault("the same text gives another vector in another place", "Compute each text by itself, in eval mode")
    elif torch.equal(found[0], found[1]):
        yield Fault("different texts give the same vector", "Read the texts")
