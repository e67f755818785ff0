"""Vision transformers of timm on images of another size than they were built for."""

import torch
from timm.layers import Format, PatchEmbed
from timm.models.vision_transformer import VisionTransformer


def takes_any_size(module: torch.nn.Module) -> bool:
    """Whether `take_any_size` can change a model: a plain vision transformer whose positions are of one size."""
    return (
        isinstance(module, VisionTransformer)
        and isinstance(module.patch_embed, PatchEmbed)
        and module.patch_embed.flatten
        and module.pos_embed is not None
        and not module.dynamic_img_size
    )


def take_any_size(module: torch.nn.Module) -> None:
    """Make a model interpolate its positions for images of any size in patches, as timm's `dynamic_img_size` does."""
    assert isinstance(module, VisionTransformer)
    module.dynamic_img_size = True
    module.patch_embed.strict_img_size = False
    module.patch_embed.flatten, module.patch_embed.output_fmt = False, Format.NHWC
