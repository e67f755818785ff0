"""A network whose weights are made random from the head down, one depth after the other."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import numpy as np
import torch

from artbench.explain.gradcam.model import ProbedEncoder

# Depths of the encoder at which maps are made; deeper networks have several of their blocks in one.
_MOST = 8


class Cascade:
    """Cascading randomisation (Adebayo et al. 2018): first the head alone, in the end every weight.

    The encoder's weights, and the statistics of its norms, become those of a freshly initialised one. The head's
    become normal, of the same root mean square over the classes for each feature.

    Args:
        model: The network, changed in place depth by depth; give one that nothing else needs.
        fresh: State of the encoder's module at another initialisation.
        side: Side of the square images in pixels.
        seed: Seed of the head's random weights.

    Raises:
        KeyError: `fresh` is of another network.
    """

    def __init__(self, model: ProbedEncoder, fresh: Mapping[str, torch.Tensor], *, side: int, seed: int) -> None:
        weight = model.head.weight
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype).to(weight.device)
        whole = model.encoder.state_dict(keep_vars=True)
        state = {name: tensor for name, tensor in whole.items() if tensor.is_floating_point()}
        # From the output to the input: names such as `head`, `layer4` or `blocks.6 to blocks.5`, and for each tensor
        # there its random values.
        self._depths = [("head", [(weight, noise * weight.square().mean(dim=0, keepdim=True).sqrt())])]
        for depth, names in _parts(model, list(state), side):
            self._depths.append((depth, [(state[name], fresh[name]) for name in names]))

    def __iter__(self) -> Iterator[str]:
        """Randomise one depth after the other, and give the name of each."""
        for depth, tensors in self._depths:
            with torch.no_grad():
                for tensor, value in tensors:
                    tensor.copy_(value)
            yield depth

    def __len__(self) -> int:
        return len(self._depths)


def _parts(model: ProbedEncoder, tensors: list[str], side: int) -> Iterator[tuple[str, list[str]]]:
    """The parts of the encoder from its output to its input, and the names of their tensors."""
    units = _units(model.encoder, tensors)
    if not units:
        if tensors:
            yield "encoder", tensors
        return
    order = _call_order(model, side)

    def called(unit: str) -> int:
        return min((at for name, at in order.items() if f"{name}.".startswith(f"{unit}.")), default=len(order))

    by_depth = sorted(units, key=called, reverse=True)
    holds: dict[str, list[str]] = {unit: [] for unit in by_depth}
    for tensor in tensors:
        # What is in no unit, such as a class token, enters where the image does.
        unit = max((unit for unit in units if tensor.startswith(f"{unit}.")), key=len, default=by_depth[-1])
        holds[unit].append(tensor)
    for group in np.array_split(by_depth, min(_MOST, len(by_depth))):
        names = group.tolist()
        label = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        yield label, [tensor for name in names for tensor in holds[name]]


def _units(encoder: torch.nn.Module, tensors: list[str]) -> list[str]:
    """Modules of the encoder, none with more than half of its tensors if that is possible."""
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


def _call_order(model: ProbedEncoder, side: int) -> dict[str, int]:
    """The modules of the encoder, numbered from 0 as they are first called."""
    names = {part: name for name, part in model.encoder.named_modules() if name}
    order: dict[str, int] = {}

    def note(part: torch.nn.Module, _: object) -> None:
        order.setdefault(names[part], len(order))

    with ExitStack() as hooks, torch.inference_mode():
        for part in names:
            hooks.enter_context(part.register_forward_pre_hook(note))
        model(model.grey(side))
    return order
