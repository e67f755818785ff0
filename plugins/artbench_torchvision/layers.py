"""Where the features of a torchvision model lie, and how it pools them."""

import re
from typing import Literal

import torch

from artbench.encoders.backbone import Layers
from artbench.errors import ArtbenchError
from artbench.specs import Pool

# For each kind of model: its stages or blocks in order, as a pattern of their names; the submodule that gives what is
# pooled; and how the model itself pools ("" where more layers follow, as in VGG).
_KINDS: tuple[tuple[str, str, str, Pool | Literal[""]], ...] = (
    (r"(wide_)?resne(x)?t", r"layer\d", "layer4", "avg"),
    ("regnet", r"trunk_output\.block\d", "trunk_output", "avg"),
    ("efficientnet", r"features\.[1-7]", "features", "avg"),
    ("mobilenet_v2", r"features\.(3|6|13|18)", "features", "avg"),
    ("shufflenet", r"stage\d", "conv5", "avg"),
    ("mnasnet", r"layers\.(8|9|10|12|13)", "layers", "avg"),
    ("convnext", r"features\.[1357]", "features", "avg"),
    ("swin", r"features\.[1357]", "norm", "avg"),
    ("vit", r"encoder\.layers\.encoder_layer_\d+", "encoder", "cls"),
    ("googlenet", r"inception(3b|4e|5b)", "inception5b", "avg"),
    ("inception", r"Mixed_(5d|6e|7c)", "Mixed_7c", "avg"),
    ("vgg|alexnet", r"features\.\d+", "features", ""),
)


def pool_of(model: str) -> Pool | Literal[""]:
    """How a torchvision model pools, in artbench's words; empty if it does otherwise, or is not known here."""
    return next((pool for pattern, _, _, pool in _KINDS if re.match(pattern, model)), "")


def layers_of(model: str, module: torch.nn.Module) -> Layers:
    """The stages or blocks of a torchvision model, in the order in which they compute.

    Args:
        model: Its name in torchvision.
        module: The model.

    Raises:
        ArtbenchError: They are not known here.
    """
    for pattern, stages, last, _ in _KINDS:
        if re.match(pattern, model):
            names = [name for name, _ in module.named_modules() if re.fullmatch(stages, name)]
            if pattern == "vgg|alexnet":
                # A stage ends with its pooling; the last one is the last map.
                names = [name for name in names if isinstance(module.get_submodule(name), torch.nn.MaxPool2d)]
            is_vit = pattern == "vit"
            return Layers(
                names=(*names[:-1], last),
                prefix_tokens=int(is_vit),
                channels_last=pattern == "swin",
                norm="encoder.ln" if is_vit else "",
                pooled_norm="classifier.0" if pattern == "convnext" else "",
            )
    raise ArtbenchError(f"the layers of torchvision's {model} are not listed, so it has no variants by them")
