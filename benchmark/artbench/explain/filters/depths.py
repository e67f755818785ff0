"""Chooses the layers of a network to show, and where the values of their units are read."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from artbench.errors import ArtbenchError
from artbench.explain.filters.request import MOST_LAYERS
from artbench.explain.layers import MapLayer, map_layer, named_layer

T = TypeVar("T")

# Fewer are too few to tell depths by the size of the maps.
_FEWEST = 4
# A module with maps of more sizes inside is the whole network, or most of it, and no depth of it.
_MOST_SIZES = 2
_NOT_NAMED = ("Identity", "Dropout", "Pool", "Flatten")


@dataclass(frozen=True, kw_only=True)
class Depth:
    """A layer, and where the values of its units are read: after its normalisation, before its nonlinearity.

    There a unit that is off still has a gradient, unlike behind a ReLU.

    Attributes:
        name: Name of the layer in the network: `layer4`.
        hook: Name of the module whose input or output is read.
        before: Whether its input is read.
        call: Which call of that module in a forward pass is read, counted from 0.
        place: How the values lie on a grid over the image.
        units: Number of units.
    """

    name: str
    hook: str
    before: bool
    call: int
    place: MapLayer
    units: int


@dataclass(frozen=True, kw_only=True)
class _Call:
    """A call of a module: its input, its output, and how that lies on a grid."""

    name: str
    module: torch.nn.Module
    number: int
    given: torch.Tensor
    output: torch.Tensor
    place: MapLayer | None

    @property
    def depth(self) -> int:
        return self.name.count(".")

    @property
    def side(self) -> int:
        return self.place.size[0] if self.place else 0


class Trace:
    """One forward pass of a network, with the output of every module.

    Args:
        module: The network. It is copied, and no module of the copy works in place.
        side: Side of the square image in pixels.
        name: Name of the network.
    """

    def __init__(self, module: torch.nn.Module, side: int, *, name: str = "the network") -> None:
        self.module = copy.deepcopy(module).requires_grad_(False).eval()
        for part in self.module.modules():
            if isinstance(getattr(part, "inplace", None), bool):
                setattr(part, "inplace", False)  # noqa: B010  modules take no attribute that torch has not typed
        self._name = name
        self._calls = _calls(self.module, side)

    def chosen(self) -> list[Depth]:
        """Choose a few depths from the first convolution to the last layer with maps.

        These are, for each size of maps, the last of the modules nearest to the top level; if all maps have one size,
        as in vision transformers, evenly spaced blocks.

        Raises:
            ArtbenchError: The network has no units with maps.
        """
        maps = [call for call in self._calls if self._is_depth(call)]
        convolution = self._first_convolution()
        if convolution is None or not maps:
            raise ArtbenchError(
                f"{self._name} has no convolution, so there are no filters to show",
                mend="Take a network that begins with one",
            )
        by_size = _grouped(maps, lambda call: call.side)
        ends = [min(calls[::-1], key=lambda call: call.depth) for calls in by_size]
        if len(ends) < _FEWEST:
            families = _grouped(maps, lambda call: call.name.rpartition(".")[0])
            ends = _evenly(max(families, key=len), _FEWEST)
        ends.sort(key=self._calls.index)
        found: dict[int, Depth] = {}
        for call in [convolution, *ends]:
            # The output of a convolution is the input of the nonlinearity behind it: one depth.
            found.setdefault(id(self._read(call)[0]), self._depth(call))
        return _evenly(list(found.values()), MOST_LAYERS)

    def named(self, name: str) -> Depth:
        """Look up the depth called `name`.

        Raises:
            UsageError: The network has no such layer, or it has no maps.
        """
        calls = {call.name: call for call in self._calls}
        named_layer(self.module, name, {of: call.output for of, call in calls.items()}, backbone=self._name)
        return self._depth(calls[name], name=name)

    def kernels(self, depth: Depth) -> torch.Tensor | None:
        """Return the weights of the first convolution, (units, 3, height, width), if `depth` shows it; else None."""
        call = self._first_convolution()
        if call is None or self._read(call)[1:] != (depth.hook, depth.before, depth.call):
            return None
        weight = call.module.weight
        assert isinstance(weight, torch.Tensor)
        return weight.detach().float().cpu() if weight.shape[1] == 3 else None

    def _first_convolution(self) -> _Call | None:
        return next((call for call in self._calls if isinstance(call.module, torch.nn.Conv2d) and call.place), None)

    def _is_depth(self, call: _Call) -> bool:
        kind = type(call.module).__name__
        if not call.name or any(word in kind for word in _NOT_NAMED) or call.place is None:
            return False
        sizes = {other.side for other in self._calls if other.name.startswith(f"{call.name}.") and other.place}
        return len(sizes) <= _MOST_SIZES

    def _read(self, call: _Call) -> tuple[torch.Tensor, str, bool, int]:
        """Find the values read for a layer: the tensor, the module, whether it is its input, and the call."""
        tensor, at, before = call.output, call, False
        if isinstance(call.module, torch.nn.Conv2d):
            norm = next((o for o in self._calls if o.given is tensor and "Norm" in type(o.module).__name__), None)
            if norm is not None:
                tensor, at = norm.output, norm
        active = next((other for other in self._calls if other.output is tensor and _is_activation(other.module)), None)
        if active is not None:
            tensor, at, before = active.given, active, True
        return tensor, at.name, before, at.number

    def _depth(self, call: _Call, *, name: str | None = None) -> Depth:
        tensor, hook, before, number = self._read(call)
        if name is None:
            same = [other for other in self._calls if other.name and self._read(other)[0] is tensor]
            name = min(same, key=lambda other: other.depth).name
        place = map_layer(name, tensor)
        assert place is not None
        units = tensor.shape[1 if place.kind == "maps" else -1]
        return Depth(name=name, hook=hook, before=before, call=number, place=place, units=units)


def drawn(depth: Depth, count: int, *, seed: int) -> list[int]:
    """Draw units of a layer by seed, the same for every pretraining; ascending."""
    return sorted(np.random.default_rng(seed).permutation(depth.units)[:count].tolist())


def _calls(module: torch.nn.Module, side: int) -> list[_Call]:
    calls: list[_Call] = []
    names = {part: name for name, part in module.named_modules()}
    counts: dict[str, int] = {}

    def keep(part: torch.nn.Module, given: tuple[object, ...], output: object) -> None:
        name = names[part]
        number = counts[name] = counts.get(name, -1) + 1
        if isinstance(output, torch.Tensor) and given and isinstance(given[0], torch.Tensor) and len(output) == 1:
            place = map_layer(name, output)
            calls.append(_Call(name=name, module=part, number=number, given=given[0], output=output, place=place))

    hooks = [part.register_forward_hook(keep) for part in names]
    try:
        with torch.no_grad():
            # A ramp: one colour alone could become zero after a normalisation.
            ramp = torch.linspace(-1, 1, side)
            module((ramp[:, None] + ramp[None, :]).expand(1, 3, side, side))
    finally:
        for hook in hooks:
            hook.remove()
    return calls


def _is_activation(module: torch.nn.Module) -> bool:
    """Whether a module is a nonlinearity of torch, timm or transformers (`torch.nn.modules.activation`, …)."""
    return "activation" in type(module).__module__ and not any(module.children())


def _grouped(calls: Sequence[_Call], key: Callable[[_Call], object]) -> list[list[_Call]]:
    groups: dict[object, list[_Call]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return list(groups.values())


def _evenly(items: Sequence[T], most: int) -> list[T]:
    """Take at most `most` items, evenly spaced, with the last and, of several, the first."""
    if len(items) <= most:
        return list(items)
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, most)]
