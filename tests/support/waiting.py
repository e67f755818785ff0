"""Operations that make the host wait for a device, seen on tensors that have no content."""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# Those that read values, or whose result has a size that depends on values.
_READING = ("aten._local_scalar_dense", "aten.nonzero", "aten.equal", "aten.masked_select", "aten._unique2")


class _Waiting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, found: list[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._found = found

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if _waits(str(func), args, given):
            lines = [frame for frame in traceback.extract_stack() if "artbench" in frame.filename]
            self._found.append(f"{func} in {lines[-1].line if lines else 'a library'}")
        return func(*args, **given)


def _waits(name: str, args: Sequence[Any], given: Mapping[str, Any]) -> bool:
    kinds = [tensor.device.type for tensor in tree_leaves(args) if isinstance(tensor, torch.Tensor)]
    if name.startswith("aten._to_copy"):
        to = torch.device(given.get("device") or kinds[0]).type
        return to != kinds[0] and not given.get("non_blocking")
    if name.startswith("aten.copy_"):
        return kinds[0] != kinds[1] and not (len(args) > 2 and args[2])
    # A number on the CPU is copied to the device first.
    if name.startswith("aten.index_put"):
        return len(set(kinds)) > 1
    return name.startswith(_READING) and "cuda" in kinds


@contextmanager
def waiting() -> Iterator[list[str]]:
    """The operations of the block that wait, each with the line of artbench that asks for it."""
    found: list[str] = []
    with _Waiting(found):
        yield found
