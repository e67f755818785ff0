"""A network whose weights are made random from the head down, one depth after the other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from artbench.explain.gradcam.model import ProbedEncoder

# Depths of the encoder at which maps are made; deeper networks have several of their blocks in one.
_MOST = 8


@dataclass(frozen=True, kw_only=True)
class Depth:
    """A part of the network between its output and its input.

    Attributes:
        name: `head`, `layer4`, `blocks.6 to blocks.5`.
        tensors: Each tensor of it, and what it becomes.
    """

    name: str
    tensors: tuple[tuple[torch.Tensor, torch.Tensor], ...]


class Cascade:
    """Cascading randomisation (Adebayo et al. 2018): first the head alone, in the end every weight.

    The encoder's weights become those of a freshly initialised one, its statistics included. The head's become
    normal, of the same root mean square over the classes for each feature.

    Args:
        model: Changed in place, depth by depth; give a model that nothing else needs.
        fresh: State of the encoder's module at another initialisation.
        side: Of the square pictures in pixels.
        seed: Of the head.

    Raises:
        KeyError: `fresh` is of another network.
    """

    def __init__(self, model: ProbedEncoder, fresh: Mapping[str, torch.Tensor], *, side: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        weight = model.head.weight
        noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype).to(weight.device)
        head = (weight, noise * weight.square().mean(dim=0, keepdim=True).sqrt())
        state = {name: tensor for name, tensor in _state(model.encoder).items() if tensor.is_floating_point()}
        self.depths = [
            Depth(name="head", tensors=(head,)),
            *(
                Depth(name=name, tensors=tuple((state[tensor], fresh[tensor]) for tensor in tensors))
                for name, tensors in _parts(model, list(state), side)
            ),
        ]

    def __iter__(self) -> Iterator[str]:
        """Make one depth more random, and say which."""
        for depth in self.depths:
            with torch.no_grad():
                for tensor, value in depth.tensors:
                    tensor.copy_(value)
            yield depth.name

    def __len__(self) -> int:
        return len(self.depths)


def _state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return dict(module.state_dict(keep_vars=True))


def _parts(model: ProbedEncoder, tensors: list[str], side: int) -> Iterator[tuple[str, list[str]]]:
    """The parts of the encoder from its output to its input, and the names of their tensors."""
    units = _units(model.encoder, tensors)
    if not units:
        if tensors:
            yield "encoder", tensors
        return
    order = _order(model, side)
    last = max(order.values(), default=0) + 1

    def called(unit: str) -> int:
        return min((place for name, place in order.items() if f"{name}.".startswith(f"{unit}.")), default=last)

    by_depth = sorted(units, key=called, reverse=True)
    holds: dict[str, list[str]] = {unit: [] for unit in by_depth}
    for tensor in tensors:
        # What is in no unit, such as a class token, enters where the picture does.
        unit = max((unit for unit in units if tensor.startswith(f"{unit}.")), key=len, default=by_depth[-1])
        holds[unit].append(tensor)
    for group in np.array_split(np.arange(len(by_depth)), min(_MOST, len(by_depth))):
        names = [by_depth[at] for at in group]
        label = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        yield label, [tensor for name in names for tensor in holds[name]]


def _units(encoder: torch.nn.Module, tensors: list[str]) -> list[str]:
    """Modules of the encoder, such that none holds more than half of its tensors if that can be had."""
    units, open_ = [], [name for name, _ in encoder.named_children()]
    while open_:
        name = open_.pop()
        held = sum(tensor.startswith(f"{name}.") for tensor in tensors)
        below = [f"{name}.{child}" for child, _ in encoder.get_submodule(name).named_children()]
        if below and 2 * held > len(tensors):
            open_ += below
        elif held:
            units.append(name)
    return units


def _order(model: ProbedEncoder, side: int) -> dict[str, int]:
    """When each module of the encoder is first called."""
    names = {part: name for name, part in model.encoder.named_modules() if name}
    order: dict[str, int] = {}

    def note(part: torch.nn.Module, _: object) -> None:
        order.setdefault(names[part], len(order))

    hooks = [part.register_forward_pre_hook(note) for part in names]
    try:
        with torch.inference_mode():
            model(torch.full((1, 3, side, side), 127.0, device=model.mean.device))
    finally:
        for hook in hooks:
            hook.remove()
    return order
