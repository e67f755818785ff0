"""Finding a backbone's weights in a checkpoint, under the wrappers, prefixes and names that training code leaves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from artbench.encoders.layouts import (
    INSERTED,
    MAX_PREFIXES,
    MAX_WRAPPERS,
    ORIGINS,
    PREFIXES,
    SPELLINGS,
    WRAPPERS,
    Origin,
    Spelling,
)
from artbench.encoders.weights import is_batch_counter
from artbench.runtime.text import printable

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The weights of one backbone as found in a checkpoint.

    Attributes:
        state: Tensors of the backbone's module, by their name there.
        place: Where they were: `state_dict, module.encoder_q.`; empty for a plain state dict.
        left_out: Names in the checkpoint of the other tensors in the same state dict.
        beside: Of these, the ones under the same prefix, by the name that they would have in the backbone's module.
        others: Other places whose weights fit as well and differ.
        spelling: The names that were translated; None if they are the backbone's.
        origin: The code that leaves such a layout, if it is known.
    """

    state: Tensors
    place: str
    left_out: tuple[str, ...]
    beside: Tensors
    others: tuple[str, ...]
    spelling: Spelling | None
    origin: Origin | None


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One way to read a mapping of tensors: a prefix removed, names translated.

    Attributes:
        path: Wrappers around the mapping.
        prefix: Removed from the names.
        spelling: Translated the names.
        names: Names in the file, by the name that results.
        tensors: Tensors, by the name in the file.
    """

    path: tuple[str, ...]
    prefix: str
    spelling: Spelling | None
    names: Mapping[str, str]
    tensors: Tensors

    @property
    def place(self) -> str:
        spelling = [] if self.spelling is None else [self.spelling.name]
        return ", ".join([*self.path, *([self.prefix] if self.prefix else []), *spelling])

    def cover(self, needed: Tensors) -> tuple[int, int]:
        """Count the weights that exist and fit, and those that exist."""
        there = self.of(needed)
        return sum(not difference(found, needed[name]) for name, found in there.items()), len(there)

    def of(self, wanted: Tensors) -> dict[str, torch.Tensor]:
        """The tensors with wanted names."""
        return {name: self._tensor(name, wanted[name]) for name in wanted if name in self.names}

    def _tensor(self, name: str, wanted: torch.Tensor) -> torch.Tensor:
        found = self.tensors[self.names[name]]
        if self.spelling is None or found.is_nested or found.layout != torch.strided:
            return found
        # CLIP has no axes of length 1 in front of its class token and positions.
        return found[(None,) * max(0, wanted.ndim - found.ndim)]


def fit_checkpoint(content: object, wanted: Tensors) -> Fit | None:
    """Find the part of a checkpoint that covers most of a backbone's weights.

    Wrappers and prefixes are removed repeatedly until most names and shapes agree; among places that cover as much,
    the first in the order of `WRAPPERS` and `PREFIXES` is taken. Names are translated by the tables of `SPELLINGS`
    alone: weights with other names that fit in order and shape need not be the same weights.

    Args:
        content: Content of the file: a state dict, or mappings around one.
        wanted: State dict of the backbone's module.

    Returns:
        None if no tensor has the name of a weight of the backbone.
    """
    needed = {name: tensor for name, tensor in wanted.items() if not is_batch_counter(name)}
    readings = [reading for path, tensors in _state_dicts(content) for reading in _readings(path, tensors)]
    scores = [reading.cover(needed) for reading in readings]
    best = max(scores, default=(0, 0))
    if best == (0, 0):
        return None
    chosen = readings[scores.index(best)]
    state = chosen.of(wanted)
    used = {chosen.names[name] for name in state}
    others = [
        reading.place
        for reading, score in zip(readings, scores, strict=True)
        if score == best and not _same(reading.of(needed), state)
    ]
    return Fit(
        state=state,
        place=chosen.place,
        left_out=tuple(key for key in chosen.tensors if key not in used),
        beside={name: chosen.tensors[key] for name, key in chosen.names.items() if name not in state},
        others=tuple(dict.fromkeys(others)),
        spelling=chosen.spelling,
        origin=_origin(chosen),
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


def _state_dicts(content: object) -> Iterator[tuple[tuple[str, ...], Tensors]]:
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
        if len(path) < MAX_WRAPPERS:
            waiting.extend(((*path, wrapper), mapping[wrapper]) for wrapper in WRAPPERS if wrapper in mapping)


def _readings(path: tuple[str, ...], tensors: Tensors) -> Iterator[_Reading]:
    """Every way to read a mapping: as it is named, and without what wrappers of single layers put into names."""
    plain = {name: name for name in tensors}
    cleaned = {_cleaned(name): name for name in tensors}
    for named in [plain] if cleaned.keys() == plain.keys() else [plain, cleaned]:
        for prefix in _prefixes(list(named)):
            names = {name.removeprefix(prefix): key for name, key in named.items() if name.startswith(prefix)}
            yield _Reading(path=path, prefix=prefix, spelling=None, names=names, tensors=tensors)
            for spelling in SPELLINGS:
                if any(spelling.mark.fullmatch(name) for name in names):
                    renamed = {spelling.rename(name): key for name, key in names.items()}
                    yield _Reading(path=path, prefix=prefix, spelling=spelling, names=renamed, tensors=tensors)


def _cleaned(name: str) -> str:
    for inserted in INSERTED:
        name = name.replace(inserted, "")
    return name


def _prefixes(names: Sequence[str]) -> Iterator[str]:
    found = [("", 0, names)]
    for prefix, depth, below in found:
        yield prefix
        if depth == MAX_PREFIXES:
            continue
        for part in PREFIXES:
            longer = prefix + part
            under = [name for name in below if name.startswith(longer)]
            if under:
                found.append((longer, depth + 1, under))


def _origin(reading: _Reading) -> Origin | None:
    names = ["/".join([*reading.path, name]) for name in reading.tensors]
    used = [name for name in names if reading.prefix in name]
    return next((origin for origin in ORIGINS if any(origin.mark.search(name) for name in used)), None)


def _same(some: Tensors, state: Tensors) -> bool:
    def equal(one: torch.Tensor, other: torch.Tensor) -> bool:
        return one is other or (not difference(one, other) and one.dtype == other.dtype and torch.equal(one, other))

    return all(name in state and equal(tensor, state[name]) for name, tensor in some.items())
