"""What the processes of a training exchange: pictures, targets, gradients."""

from collections.abc import Iterable, Sequence

import torch
import torch.distributed as dist

from artbench.runtime.distributed import Group


class Exchange:
    """Tensors between the processes of a group; with one process nothing is copied.

    Args:
        group: The processes.
        device: Where the tensors are; on a GPU they go by NCCL.
    """

    def __init__(self, group: Group, device: str) -> None:
        self.size = group.size
        self.rank = group.rank
        self._processes = _nccl() if group.size > 1 and device == "cuda" else None

    def gathered(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensors of all processes, one after the other along the first dimension."""
        if self.size == 1:
            return tensor
        parts = [torch.empty_like(tensor, memory_format=torch.contiguous_format) for _ in range(self.size)]
        dist.all_gather(parts, tensor.contiguous(), group=self._processes)
        return torch.cat(parts)

    def average(self, tensors: Sequence[torch.Tensor]) -> None:
        """Put the mean over all processes in the place of each tensor; of one type, in one message."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        dist.all_reduce(flat, group=self._processes)
        flat.div_(self.size)
        for tensor, part in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def union(self, numbers: Iterable[int], *, below: int) -> list[int]:
        """All numbers, from 0 and below a bound, that any process names; ascending."""
        named = torch.zeros(below, dtype=torch.int64)
        named[list(numbers)] = 1
        if self.size > 1:
            dist.all_reduce(named)
        return named.nonzero().flatten().tolist()

    def any(self, flag: bool) -> bool:
        """Whether the flag is up on any process."""
        if self.size == 1:
            return flag
        raised = torch.tensor([float(flag)])
        dist.all_reduce(raised)
        return bool(raised.item())


def _nccl() -> dist.ProcessGroup:
    group = dist.new_group(backend="nccl")
    assert isinstance(group, dist.ProcessGroup)
    return group
