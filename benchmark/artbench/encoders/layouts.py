"""Finding a backbone's weights in a checkpoint, under the wrappers and prefixes that training code leaves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from artbench.encoders.weights import is_batch_counter
from artbench.runtime.text import printable

# Keys under which training scripts store a state dict, preferred ones first: timm and DINO evaluate an average of
# the weights over training.
WRAPPERS = ("state_dict_ema", "model_ema", "teacher", "state_dict", "model", "model_state_dict", "student")

# Prefixes of a backbone's names, preferred ones first: from DistributedDataParallel, torch.compile, MoCo v1 and v2,
# MoCo v3, DINO and solo-learn, BYOL, and common wrapper modules.
PREFIXES = (
    "module.",
    "_orig_mod.",
    "encoder_q.",
    "base_encoder.",
    "teacher.",
    "online_network.",
    "online_encoder.",
    "backbone.",
    "encoder.",
    "model.",
    "net.",
    "student.",
    "momentum_encoder.",
)
_MAX_WRAPPERS = 3
_MAX_PREFIXES = 4


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The weights of one backbone as found in a checkpoint.

    Attributes:
        state: Tensors of the backbone's module, by their name there.
        place: Where they were: `state_dict, module.encoder_q.`; empty for a plain state dict.
        left_out: Names in the checkpoint of the other tensors in the same state dict.
        others: Other places whose weights fit as well and differ.
    """

    state: Mapping[str, torch.Tensor]
    place: str
    left_out: tuple[str, ...]
    others: tuple[str, ...]


def fit_checkpoint(content: object, wanted: Mapping[str, torch.Tensor]) -> Fit | None:
    """Find the part of a checkpoint that covers most of a backbone's weights.

    Wrappers and prefixes are removed repeatedly until most names and shapes agree; among places that cover as much,
    the first in the order of `WRAPPERS` and `PREFIXES` is taken. Names are never translated: weights with other names
    that fit in order and shape need not be the same weights.

    Args:
        content: Content of the file: a state dict, or mappings around one.
        wanted: State dict of the backbone's module.

    Returns:
        None if no tensor has the name of a weight of the backbone.
    """
    needed = {name: tensor for name, tensor in wanted.items() if not is_batch_counter(name)}
    places = [(path, prefix, tensors) for path, tensors in _state_dicts(content) for prefix in _prefixes(list(tensors))]
    scores = [_cover(tensors, prefix, needed) for _, prefix, tensors in places]
    best = max(scores, default=(0, 0))
    if best == (0, 0):
        return None
    path, prefix, tensors = places[scores.index(best)]
    state = _stripped(tensors, prefix, wanted)
    return Fit(
        state=state,
        place=_named(path, prefix),
        left_out=tuple(key for key in tensors if key.removeprefix(prefix) not in state or not key.startswith(prefix)),
        others=tuple(
            _named(*place[:2])
            for place, score in zip(places, scores, strict=True)
            if score == best and not _same(_stripped(place[2], place[1], needed), state)
        ),
    )


def difference(found: torch.Tensor, wanted: torch.Tensor) -> str:
    """Return why a tensor can't replace another (shape or type of number); empty if it can."""
    if found.is_nested:
        # It has no shape to ask for.
        return "a nested tensor"
    if found.shape != wanted.shape:
        return f"shape {tuple(found.shape)}, not {tuple(wanted.shape)}"
    dense = found.layout == torch.strided and not found.is_quantized and not found.is_meta
    fields = [(tensor.is_floating_point(), tensor.is_complex()) for tensor in (found, wanted)]
    if not dense or fields[0] != fields[1]:
        return f"{_kind(found)}, not {_kind(wanted)}"
    return ""


def tensor_names(content: object) -> list[str]:
    """The names of all tensors in a checkpoint, for messages."""
    return [name for _, tensors in _state_dicts(content) for name in tensors]


def shown(names: Sequence[str], *, most: int = 5) -> str:
    """Join the first few names; they come from anywhere, and are made safe for a terminal."""
    return ", ".join(printable(name[:80]) for name in names[:most]) + (", …" if len(names) > most else "")


def _kind(tensor: torch.Tensor) -> str:
    layout = "" if tensor.layout == torch.strided else str(tensor.layout).removeprefix("torch.") + " "
    return layout + str(tensor.dtype).removeprefix("torch.")


def _state_dicts(content: object) -> Iterator[tuple[tuple[str, ...], Mapping[str, torch.Tensor]]]:
    waiting: list[tuple[tuple[str, ...], object]] = [((), content)]
    seen: set[int] = set()
    while waiting:
        path, mapping = waiting.pop(0)
        # A mapping may have several names, or contain itself.
        if not isinstance(mapping, Mapping) or id(mapping) in seen:
            continue
        seen.add(id(mapping))
        named = [(key, value) for key, value in mapping.items() if isinstance(key, str)]
        tensors = {key: value for key, value in named if isinstance(value, torch.Tensor)}
        if tensors:
            yield path, tensors
        if len(path) < _MAX_WRAPPERS:
            waiting.extend(((*path, wrapper), mapping[wrapper]) for wrapper in WRAPPERS if wrapper in mapping)


def _prefixes(names: Sequence[str]) -> Iterator[str]:
    found = [("", 0, names)]
    for prefix, depth, below in found:
        yield prefix
        if depth == _MAX_PREFIXES:
            continue
        for part in PREFIXES:
            longer = prefix + part
            under = [name for name in below if name.startswith(longer)]
            if under:
                found.append((longer, depth + 1, under))


def _cover(tensors: Mapping[str, torch.Tensor], prefix: str, needed: Mapping[str, torch.Tensor]) -> tuple[int, int]:
    """Count the weights that exist and fit, and those that exist."""
    there = [(tensors[prefix + name], tensor) for name, tensor in needed.items() if prefix + name in tensors]
    return sum(not difference(found, tensor) for found, tensor in there), len(there)


def _stripped(
    tensors: Mapping[str, torch.Tensor], prefix: str, wanted: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    return {name: tensors[prefix + name] for name in wanted if prefix + name in tensors}


def _same(some: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> bool:
    def equal(one: torch.Tensor, other: torch.Tensor) -> bool:
        return one is other or (not difference(one, other) and one.dtype == other.dtype and torch.equal(one, other))

    return all(name in state and equal(tensor, state[name]) for name, tensor in some.items())


def _named(path: Sequence[str], prefix: str) -> str:
    return ", ".join([*path, *([prefix] if prefix else [])])
