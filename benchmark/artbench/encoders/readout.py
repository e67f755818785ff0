"""Reading features out of a network: of any of its blocks or stages, pooled in any way that it offers."""

import copy
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch

from artbench.encoders.backbone import Backbone, Layers
from artbench.errors import UsageError, plugin_errors
from artbench.protocol import Preprocessing
from artbench.specs import Pool, Variant


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where features are read: a layer, counted from the end, and how it is pooled.

    Attributes:
        layer: 1 for the last.
        pool: Empty for a network that does not say how it pools; `tokens` for all patches, one after the other.
    """

    layer: int = 1
    pool: Pool | Literal["tokens", ""] = ""


class _Enough(Exception):  # noqa: N818  no error
    """Raised within a forward pass when all that is read has been computed."""


class Readout(torch.nn.Module):
    """A network that gives its features at one or several places, one after the other, from one forward pass.

    Made by `readout`: the network under its own names, with another forward pass.
    """

    read_layers: Layers
    read_places: tuple[Place, ...]
    read_own: Place

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (n, 3, height, width) to features (n, sum of the widths)."""
        found: dict[str, torch.Tensor] = {}
        names = {self._name(place) for place in self.read_places if place != self.read_own}
        reads_own = self.read_own in self.read_places

        def keep(name: str, _: torch.nn.Module, __: object, output: torch.Tensor) -> None:
            found[name] = output
            if not reads_own and found.keys() == names:
                raise _Enough

        # Hooks for this call alone: the copies of a network that several threads use must not share what they keep.
        hooks = [self.get_submodule(name).register_forward_hook(partial(keep, name)) for name in sorted(names)]
        own = torch.empty(0)
        try:
            with suppress(_Enough):
                own = super().forward(images)
        finally:
            for hook in hooks:
                hook.remove()
        read = [
            own if place == self.read_own else self._read(place, found[self._name(place)]) for place in self.read_places
        ]
        return torch.cat(read, dim=1)

    def _name(self, place: Place) -> str:
        return self.read_layers.names[-place.layer]

    def _read(self, place: Place, output: torch.Tensor) -> torch.Tensor:
        if place.layer > 1 and self.read_layers.norm:
            output = self.get_submodule(self.read_layers.norm)(output)
        prefix, last = self.read_layers.prefix_tokens, self.read_layers.channels_last
        norm: torch.nn.Module = torch.nn.Identity()
        if place.layer == 1 and self.read_layers.pooled_norm:
            norm = self.get_submodule(self.read_layers.pooled_norm)
        if place.pool == "tokens":
            return patches_of(norm(output), prefix=prefix, last=last).flatten(1)
        pooled = _pooled(output, place.pool, prefix=prefix, last=last)
        # The norm of a map's channels, as ConvNeXt has it, takes maps.
        is_map = output.ndim == 4 and not last and not isinstance(norm, torch.nn.Identity)
        features: torch.Tensor = norm(pooled[:, :, None, None]).flatten(1) if is_map else norm(pooled)
        return features


def readout(network: torch.nn.Module, layers: Layers, places: Sequence[Place], *, own: Place) -> Readout:
    """Return a network that shares all submodules and weights with another, under the same names, and reads places.

    Args:
        network: The network.
        layers: Where its features lie.
        places: Where to read.
        own: The place whose features the network itself gives.
    """
    module = copy.copy(network)
    module.__class__ = type("Readout", (Readout, type(network)), {})
    assert isinstance(module, Readout)
    module.read_layers, module.read_places, module.read_own = layers, tuple(places), own
    return module


def patches_of(output: torch.Tensor, *, prefix: int, last: bool) -> torch.Tensor:
    """The places of maps, row by row, or the tokens that stand for patches: shape (n, tokens, channels).

    Args:
        output: What a layer gives: maps, or tokens.
        prefix: How many tokens stand before the patches.
        last: Whether the channels of maps come last.
    """
    if output.ndim == 4:
        return output.flatten(1, 2) if last else output.flatten(2).transpose(1, 2)
    return output[:, prefix:]


def _pooled(output: torch.Tensor, pool: str, *, prefix: int, last: bool) -> torch.Tensor:
    patches = patches_of(output, prefix=prefix, last=last)
    match pool:
        case "cls":
            return output[:, 0]
        case "avg":
            return patches.mean(dim=1)
        case "cls+avg":
            return torch.cat([output[:, 0], patches.mean(dim=1)], dim=1)
        case _:
            return patches.amax(dim=1)


def own_place(backbone: Backbone) -> Place:
    """The place whose features a backbone gives by itself."""
    return Place(pool=backbone.pool)


def read_out(backbone: Backbone, places: Sequence[Place]) -> tuple[torch.nn.Module, tuple[int, ...]]:
    """The module that gives a backbone's features at some places, and the widths of these features.

    It shares the backbone's module; for its own place alone it is that module.
    """
    own = own_place(backbone)
    if list(places) == [own]:
        return backbone.module, (backbone.feature_dim,)
    layers = Layers(names=()) if backbone.layers is None else layers_of(backbone)
    side = Preprocessing().crop_side(backbone.input_size)
    image = torch.zeros(1, 3, side, side)
    with plugin_errors(f"reading the layers of backbone {backbone.name}"), torch.inference_mode():
        widths = [
            backbone.feature_dim if place == own else readout(backbone.module, layers, [place], own=own)(image).shape[1]
            for place in places
        ]
    return readout(backbone.module, layers, places, own=own), tuple(widths)


def layers_of(backbone: Backbone) -> Layers:
    """The layers that a backbone states.

    Raises:
        ArtbenchError: Its plugin fails to state them, or its network does not have them.
    """
    with plugin_errors(f"reading the layers of backbone {backbone.name}"):
        assert backbone.layers is not None
        layers = backbone.layers()
        if not isinstance(layers, Layers):
            raise TypeError(f"they are a {type(layers).__name__}, not Layers")
        for name in (*layers.names, layers.norm, layers.pooled_norm):
            backbone.module.get_submodule(name)
    return layers


def places(backbone: Backbone) -> list[Place]:
    """Every place where the features of a backbone that states its layers can be read."""
    layers = layers_of(backbone)
    depths = range(1, len(layers.names) + 1)
    return [Place(layer=depth, pool=pool) for depth in depths for pool in _pools(backbone, layers, depth)]


def _pools(backbone: Backbone, layers: Layers, layer: int) -> list[Pool]:
    pools: list[Pool] = ["cls", "avg", "cls+avg", "max"] if layers.prefix_tokens else ["avg", "max"]
    # An attention pool is trained on the last layer, and for no other.
    return [*pools, "map"] if backbone.pool == "map" and layer == 1 else pools


def chosen_place(backbone: Backbone, variant: Variant) -> Place:
    """The place that a variant chooses; what it does not choose is the backbone's own, or else the mean.

    Raises:
        UsageError: The backbone has no such place; the message says what it has.
    """
    own, layer, pool = own_place(backbone), variant.get("layer"), variant.get("pool")
    if layer in (None, 1) and pool in (None, own.pool):
        return own
    if backbone.layers is None:
        raise UsageError(
            f"{backbone.name} has no variants by layer or pool", mend="Its plugin does not say where its features lie"
        )
    layers = layers_of(backbone)
    layer = 1 if layer is None else int(layer)
    if layer > len(layers.names):
        raise UsageError(
            f"{backbone.name} has no layer={layer}", mend=f"It has {len(layers.names)}, counted from the end"
        )
    offered = _pools(backbone, layers, layer)
    default = own.pool if own.pool in offered else offered[0]
    chosen = next((one for one in offered if one == (pool or default)), None)
    if chosen is None:
        where = "" if layer == 1 else f" at layer {layer}"
        raise UsageError(f"{backbone.name} has no pool={pool}{where}", mend=f"It has: {', '.join(offered)}")
    return Place(layer=layer, pool=chosen)
