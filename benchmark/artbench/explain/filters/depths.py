"""Which layers of a network to look into, and where in them the value of a unit is read."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

import numpy as np
import torch

from artbench.errors import ArtbenchError, UsageError
from artbench.explain.filters.request import MOST_LAYERS
from artbench.explain.layers import MapLayer, map_layer

T = TypeVar("T")

# Fewer are too few to tell depths by the size of the maps.
_FEWEST = 4
# A module with maps of more sizes inside is the whole network, or most of it, and no depth of it.
_MOST_SIZES = 2
_NOT_NAMED = ("Identity", "Dropout", "Pool", "Flatten")


@dataclass(frozen=True, kw_only=True)
class Depth:
    """A layer and where the values of its units are read: after its normalisation, before its nonlinearity.

    There a unit that is off still has a gradient, which behind a ReLU it has not.

    Attributes:
        name: The layer's, in the network: `layer4`.
        hook: The module whose input or output is read.
        before: Whether it is its input.
        call: Which call of that module in a forward pass, counted from 0.
        place: How what is read lies on a grid over the picture.
        units: How many there are.
    """

    name: str
    hook: str
    before: bool
    call: int
    place: MapLayer
    units: int


@dataclass(frozen=True, kw_only=True)
class _Call:
    """A call of a module: what it was given, and what it gave."""

    name: str
    module: torch.nn.Module
    number: int
    given: torch.Tensor
    output: torch.Tensor

    @property
    def depth(self) -> int:
        return self.name.count(".")


class Trace:
    """One forward pass of a network, with what every module gave.

    Args:
        module: The network; it is copied, so that no module of the copy works in place.
        side: Of the square picture in pixels.
        name: What the network is called.
    """

    def __init__(self, module: torch.nn.Module, side: int, *, name: str = "the network") -> None:
        self.module = readable(module)
        self._name = name
        self._calls = _calls(self.module, side)

    def chosen(self) -> list[Depth]:
        """A few depths from the first convolution to the last layer with maps.

        The last module at each size of maps, the one nearest to the network's own level; where all maps have one
        size, as in vision transformers, evenly spaced blocks.

        Raises:
            ArtbenchError: The network has no units with maps.
        """
        maps = [call for call in self._calls if self._is_depth(call)]
        convolution = self._first_convolution()
        if convolution is None or not maps:
            raise ArtbenchError(
                f"{self._name} has no convolution, so there are no filters to show",
                mend="Take a network whose pictures enter by one",
            )
        by_size: dict[int, list[_Call]] = {}
        for call in maps:
            by_size.setdefault(self._size(call), []).append(call)
        ends = [min(calls[::-1], key=lambda call: call.depth) for calls in by_size.values()]
        if len(ends) < _FEWEST:
            ends = _evenly(_siblings(maps), _FEWEST)
        ends.sort(key=self._calls.index)
        found: dict[int, Depth] = {}
        for call in [convolution, *ends]:
            # What a convolution gives is what the nonlinearity behind it is given: one depth.
            found.setdefault(id(self._read(call)[0]), self._depth(call))
        return _evenly(list(found.values()), MOST_LAYERS)

    def named(self, name: str) -> Depth:
        """The depth called `name`.

        Raises:
            UsageError: There is none, or it has no maps.
        """
        there = {call.name: call for call in self._calls}
        if name not in there:
            near = get_close_matches(name, there, n=3)
            layers = ", ".join(depth.name for depth in self.chosen())
            raise UsageError(
                f"{self._name} has no layer {name!r}",
                mend=(f"Did you mean {' or '.join(near)}? " if near else "") + f"Its depths are {layers}",
            )
        call = there[name]
        if map_layer(name, call.output) is None:
            layers = ", ".join(depth.name for depth in self.chosen())
            raise UsageError(
                f"the layer {name} gives {tuple(call.output.shape[1:])} for a picture, which is no map of it",
                mend=f"Take another, such as {layers}",
            )
        return self._depth(call, name=name)

    def kernels(self, depth: Depth) -> torch.Tensor | None:
        """Weights of the first convolution, (units, 3, height, width), if it is what `depth` shows; else None."""
        call = self._first_convolution()
        if call is None or self._read(call)[1:] != (depth.hook, depth.before, depth.call):
            return None
        weight = call.module.weight
        assert isinstance(weight, torch.Tensor)
        return weight.detach().float().cpu() if weight.shape[1] == 3 else None

    def _first_convolution(self) -> _Call | None:
        convolutions = (call for call in self._calls if isinstance(call.module, torch.nn.Conv2d))
        return next((call for call in convolutions if map_layer(call.name, call.output)), None)

    def _is_depth(self, call: _Call) -> bool:
        kind = type(call.module).__name__
        if not call.name or any(word in kind for word in _NOT_NAMED) or map_layer(call.name, call.output) is None:
            return False
        inside = [other for other in self._calls if other.name.startswith(f"{call.name}.")]
        sizes = {self._size(other) for other in inside if map_layer(other.name, other.output)}
        return len(sizes) <= _MOST_SIZES

    def _size(self, call: _Call) -> int:
        place = map_layer(call.name, call.output)
        assert place is not None
        return place.size[0]

    def _read(self, call: _Call) -> tuple[torch.Tensor, str, bool, int]:
        """What is read for a layer, and the module, whether at its input, and the call that it is read at."""
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
        return Depth(
            name=name,
            hook=hook,
            before=before,
            call=number,
            place=place,
            units=tensor.shape[1] if place.kind == "maps" else tensor.shape[-1],
        )


def readable(module: torch.nn.Module) -> torch.nn.Module:
    """A frozen copy of a network in which nothing works in place, so that every value can be read."""
    copied = copy.deepcopy(module).requires_grad_(False).eval()
    for part in copied.modules():
        if isinstance(getattr(part, "inplace", None), bool):
            setattr(part, "inplace", False)  # noqa: B010  modules take no attribute that torch has not typed
    return copied


def drawn(depth: Depth, count: int, *, seed: int) -> list[int]:
    """Units of a layer drawn by seed, ascending: the same for every pretraining, picked by nobody."""
    every = np.random.default_rng(seed).permutation(depth.units)
    return sorted(int(unit) for unit in every[:count])


def _calls(module: torch.nn.Module, side: int) -> list[_Call]:
    calls: list[_Call] = []
    names = {part: name for name, part in module.named_modules()}
    counts: dict[str, int] = {}

    def keep(part: torch.nn.Module, given: tuple[object, ...], output: object) -> None:
        name = names[part]
        number = counts[name] = counts.get(name, -1) + 1
        if isinstance(output, torch.Tensor) and given and isinstance(given[0], torch.Tensor) and len(output) == 1:
            calls.append(_Call(name=name, module=part, number=number, given=given[0], output=output))

    hooks = [part.register_forward_hook(keep) for part in names]
    try:
        with torch.no_grad():
            # Not one colour: after a normalisation, that could leave nothing.
            ramp = torch.linspace(-1, 1, side)
            module((ramp[:, None] + ramp[None, :]).expand(1, 3, side, side))
    finally:
        for hook in hooks:
            hook.remove()
    return calls


def _is_activation(module: torch.nn.Module) -> bool:
    """Whether it is a nonlinearity of torch's, timm's or transformers' (`torch.nn.modules.activation`, …)."""
    return "activation" in type(module).__module__ and not any(module.children())


def _siblings(maps: Sequence[_Call]) -> list[_Call]:
    """The largest family of modules under one parent."""
    families: dict[str, list[_Call]] = {}
    for call in maps:
        families.setdefault(call.name.rpartition(".")[0], []).append(call)
    return max(families.values(), key=len)


def _evenly(items: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly spaced, with the last and, of several, the first."""
    if len(items) <= most:
        return list(items)
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, most)]
