"""Whether a checkpoint is of the backbone's architecture, as far as what it holds beside the weights tells."""

import argparse
from collections.abc import Iterable, Iterator, Mapping

import torch

from artbench.encoders.fit import Fit
from artbench.encoders.layouts import COMPUTED, HEADS, OF_THE_INPUT

# Where training scripts keep the options of a network, and what they call the number of attention heads.
_OPTIONS = ("args", "config", "cfg", "hyper_parameters", "hparams", "model_args", "model_kwargs", "model")
_NAMES = ("num_heads", "n_heads", "num_attention_heads")
_MAX_DEPTH = 3


def strangers(beside: Mapping[str, torch.Tensor], wanted: Iterable[str]) -> list[str]:
    """Names of left-out tensors that the backbone would have if it were the network that was trained.

    That are tensors within a block or a stage that the backbone has (squeeze-and-excitation, LayerScale, norms of
    queries and keys, a block more), and those that change what the blocks see (registers). Heads, projectors, queues
    and decoders lie beside the blocks, and are none.

    Args:
        beside: Left-out tensors, by the name that they would have in the backbone's module.
        wanted: Names of the backbone's tensors.

    Examples:
        >>> import torch
        >>> left_out = {"fc.weight": torch.ones(2), "layer1.0.se.fc1.weight": torch.ones(2)}
        >>> strangers(left_out, ["conv1.weight", "layer1.0.conv1.weight"])
        ['layer1.0.se.fc1.weight']
    """
    parts = {parent for name in wanted for parent in _parents(name)}
    return [name for name, tensor in beside.items() if tensor.is_floating_point() and _belongs(name, parts)]


def _belongs(name: str, parts: set[str]) -> bool:
    if OF_THE_INPUT.fullmatch(name):
        return True
    if name.rpartition(".")[2] in COMPUTED or name.partition(".")[0] in HEADS:
        return False
    return any(parent in parts for parent in _parents(name))


def _parents(name: str) -> Iterator[str]:
    words = name.split(".")
    return (".".join(words[:count]) for count in range(1, len(words)))


def other_heads(content: object, fit: Fit, module: torch.nn.Module) -> tuple[str, int, int] | None:
    """Compare the attention heads that a checkpoint tells of with the backbone's; shapes of weights don't tell them.

    Args:
        content: Content of the file.
        fit: The weights in it.
        module: The backbone's module.

    Returns:
        What tells it, the number of heads there, and the backbone's; None if they agree or are not told.
    """
    own = {heads for part in module.modules() if isinstance(heads := getattr(part, "num_heads", None), int)}
    if len(own) != 1:
        return None
    (has,) = own
    token = fit.state.get("cls_token")
    known = None if fit.origin is None or token is None else fit.origin.heads.get(token.shape[-1])
    if fit.origin is not None and known not in (None, has):
        return f"{fit.origin.name}'s layout tells", int(known or 0), has
    stated = next(_stated(content), None)
    return None if stated in (None, has) else ("its own options tell", int(stated or 0), has)


def _stated(content: object, depth: int = 0) -> Iterator[int]:
    if isinstance(content, argparse.Namespace):
        content = vars(content)
    if not isinstance(content, Mapping) or depth > _MAX_DEPTH:
        return
    for name in _NAMES if depth else ():
        if isinstance(content.get(name), int):
            yield content[name]
    for name in _OPTIONS:
        yield from _stated(content.get(name), depth + 1)
