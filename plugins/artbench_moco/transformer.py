"""What MoCo v3 changes of a vision transformer before its training: initialisation, positions, patch embedding."""

from typing import NamedTuple

import torch

from artbench.encoders import Backbone
from artbench.errors import UsageError

# Ratio of the longest to the shortest wavelength of the positions, times 2 pi.
_TEMPERATURE = 10_000


class _Input(NamedTuple):
    """How a vision transformer makes tokens of an image: the names in its module, and the tensors.

    Attributes:
        patches: The convolution that embeds patches.
        token: The class token.
        positions: What is added to the tokens, shape (1, 1 + patches, dim).
    """

    patches: torch.nn.Conv2d
    token: torch.nn.Parameter
    positions: torch.nn.Parameter


# Names of these three in timm and in torchvision.
_NAMES = (("patch_embed.proj", "cls_token", "pos_embed"), ("conv_proj", "class_token", "encoder.pos_embedding"))


@torch.no_grad()
def initialise(backbone: Backbone) -> None:
    """Initialise a vision transformer as MoCo v3 does (Chen et al. 2021, section 4.3, and its code).

    Every linear layer gets Xavier's uniform weights, where queries, keys and values count as three layers, and no bias;
    the patch embedding gets them as a linear layer on the pixels of a patch; the class token is nearly 0; positions are
    sines and cosines in two dimensions, and are not trained.

    Args:
        backbone: The backbone, changed in place; random numbers are drawn from torch's global generator.

    Raises:
        UsageError: It is no vision transformer with one class token and a square grid of patches.
    """
    module, found = backbone.module, _input_of(backbone.module)
    if found is None:
        raise UsageError(
            f"{backbone.name} is no vision transformer with a class token and absolute positions, as MoCo v3 trains",
            mend="Take one such as vit_small_patch16_224@heads=12, or set initialise_vit=false. For convolutional "
            "networks there is moco-v3",
        )
    for name, part in module.named_modules():
        if isinstance(part, torch.nn.Linear):
            _xavier(part.weight, layers=3 if name.endswith("qkv") else 1)
            if part.bias is not None:
                part.bias.zero_()
        elif isinstance(part, torch.nn.MultiheadAttention) and part.in_proj_weight is not None:
            _xavier(part.in_proj_weight, layers=3)
            part.in_proj_bias.zero_()
    _xavier(found.patches.weight.view(len(found.patches.weight), -1), layers=1)
    if found.patches.bias is not None:
        found.patches.bias.zero_()
    found.token.normal_(std=1e-6)
    count, dim = found.positions.shape[1:]
    found.positions[0, 1:] = sine_positions(round((count - 1) ** 0.5), dim)
    found.positions[0, 0] = 0
    found.positions.requires_grad_(False)


def sine_positions(side: int, dim: int) -> torch.Tensor:
    """Positions of the patches of a square grid, row by row: sines and cosines of the row, then of the column.

    Args:
        side: Number of patches in a row.
        dim: Length of a position, a multiple of 4.

    Returns:
        float32, shape (side * side, dim).
    """
    frequencies = _TEMPERATURE ** (-torch.arange(dim // 4) / (dim // 4))
    patches = torch.arange(side * side)
    rows, columns = (steps.view(-1, 1) * frequencies for steps in (patches // side, patches % side))
    return torch.cat([rows.sin(), rows.cos(), columns.sin(), columns.cos()], dim=1)


def freeze_patches(backbone: Backbone) -> None:
    """Keep the patch embedding of a vision transformer as it is.

    Raises:
        UsageError: The backbone has none.
    """
    for place in ("patch_embed", "conv_proj"):
        if hasattr(backbone.module, place):
            backbone.module.get_submodule(place).requires_grad_(False)
            return
    raise UsageError(
        f"{backbone.name} has no patch embedding to freeze",
        mend="For convolutional networks use moco-v3, or set freeze_patch_embedding=false",
    )


def _input_of(module: torch.nn.Module) -> _Input | None:
    """The tensors that make tokens; None if the module has others, or more than one token before the patches."""
    names = dict(module.named_parameters())
    parts = dict(module.named_modules())
    for place, token, positions in _NAMES:
        patches = parts.get(place)
        if isinstance(patches, torch.nn.Conv2d) and token in names and positions in names:
            found = _Input(patches, names[token], names[positions])
            count, dim = found.positions.shape[-2:]
            square = round((count - 1) ** 0.5) ** 2 == count - 1
            alone = getattr(module, "num_prefix_tokens", 1) == 1
            return found if square and alone and dim % 4 == 0 else None
    return None


def _xavier(weights: torch.Tensor, *, layers: int) -> None:
    """Set the weights of some layers that are stacked in one matrix."""
    for part in weights.chunk(layers):
        torch.nn.init.xavier_uniform_(part)
