"""Which part of a network gives the map that Grad-CAM weighs: its last convolutional stage, or its tokens."""

import math
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import torch

from artbench.errors import UsageError

# Class and register tokens before those of the patches.
_MOST_PREFIX = 16
Kind = Literal["maps", "maps, channels last", "tokens"]


@dataclass(frozen=True, kw_only=True)
class MapLayer:
    """A part of the encoder whose output lies on a grid over the picture.

    Attributes:
        name: Of the module in the encoder: `layer4`.
        kind: `maps` (n, c, h, w), `maps, channels last` (n, h, w, c), or `tokens` (n, prefix + h * w, c).
        size: h and w.
        prefix: Tokens before those of the patches.
    """

    name: str
    kind: Kind
    size: tuple[int, int]
    prefix: int = 0


def check_layer(network: torch.nn.Module, name: str, *, backbone: str) -> None:
    """See that a network has a module of that name, before what it gives is known.

    Raises:
        UsageError: It has none.
    """
    names = [each for each, _ in network.named_modules() if each]
    if name not in names:
        near = get_close_matches(name, names, n=3)
        parts = ", ".join(each for each, _ in network.named_children())
        raise UsageError(
            f"{backbone} has no layer {name!r}",
            mend=f"Did you mean {', '.join(near)}?" if near else f"Its parts are {parts}",
        )


def map_layer(name: str, output: torch.Tensor) -> MapLayer | None:
    """How the output of the module called `name` lies on a square grid over the picture; None if it does not."""
    if output.ndim == 4:
        _, first, second, third = output.shape
        if second == third > 1:
            return MapLayer(name=name, kind="maps", size=(second, third))
        if first == second > 1:
            return MapLayer(name=name, kind="maps, channels last", size=(first, second))
    if output.ndim == 3:
        side = math.isqrt(output.shape[1])
        prefix = output.shape[1] - side * side
        if side > 1 and prefix <= _MOST_PREFIX:
            return MapLayer(name=name, kind="tokens", size=(side, side), prefix=prefix)
    return None
