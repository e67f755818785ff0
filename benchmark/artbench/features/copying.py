"""Copies of a network that cost no memory for its weights."""

import copy
from itertools import chain

import torch


def sharing_copy(module: torch.nn.Module) -> torch.nn.Module | None:
    """A copy of a module that shares its tensors and has everything else for itself.

    Returns:
        None, if a foreign module holds what can't be copied: a lock, a session, a handle.
    """
    tensors: dict[int, object] = {id(tensor): tensor for tensor in chain(module.parameters(), module.buffers())}
    try:
        return copy.deepcopy(module, tensors)
    except Exception:  # Whatever a foreign module's parts raise when copied.
        return None
