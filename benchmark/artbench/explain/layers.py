"""Layers of a network whose output lies on a grid over the image, found by name."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import torch

from artbench.errors import UsageError

# Class and register tokens before those of the patches.
_MOST_PREFIX = 16


@dataclass(frozen=True, kw_only=True)
class MapLayer:
    """A module of a network whose output lies on a grid over the image.

    Attributes:
        name: Name of the module in the network: `layer4`.
        kind: `maps` (n, c, h, w), `maps, channels last` (n, h, w, c), or `tokens` (n, prefix + h * w, c).
        size: h and w.
        prefix: Number of tokens before those of the patches.
    """

    name: str
    kind: Literal["maps", "maps, channels last", "tokens"]
    size: tuple[int, int]
    prefix: int = 0


def check_layer(network: torch.nn.Module, name: str, *, backbone: str) -> None:
    """Raise a `UsageError` unless the network has a module called `name`."""
    names = [each for each, _ in network.named_modules() if each]
    if name not in names:
        near = get_close_matches(name, names, n=3)
        parts = ", ".join(each for each, _ in network.named_children())
        raise UsageError(
            f"{backbone} has no layer {name!r}",
            mend=f"Did you mean {', '.join(near)}?" if near else f"Its parts are {parts}",
        )


def named_layer(network: torch.nn.Module, name: str, outputs: Mapping[str, torch.Tensor], *, backbone: str) -> MapLayer:
    """Look up the layer called `name`.

    Args:
        network: The network.
        name: Name of a module.
        outputs: What each module gave for one image.
        backbone: Name of the network.

    Raises:
        UsageError: The network has no such module, or its output is no map of the image.
    """
    check_layer(network, name, backbone=backbone)
    place = map_layer(name, outputs[name]) if name in outputs else None
    if place is None:
        maps = [other for other, output in outputs.items() if other and map_layer(other, output)]
        gives = tuple(outputs[name].shape[1:]) if name in outputs else "no tensor"
        raise UsageError(
            f"the layer {name} gives {gives} for an image, so no map of it",
            mend=f"Take another, such as {', '.join(maps[-3:])}" if maps else "Leave --layer out",
        )
    return place


def map_layer(name: str, output: torch.Tensor) -> MapLayer | None:
    """Find how the output of the module called `name` lies on a square grid over the image; None if it does not."""
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
