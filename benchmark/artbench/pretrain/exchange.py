"""What the processes of a training send each other: tensors, and gradients while the backward pass goes on."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import torch
import torch.distributed as dist

from artbench.runtime.distributed import Group
from artbench.runtime.rendezvous import STEP_PATIENCE

# Bytes of gradients that are sent together, as in DistributedDataParallel.
_BUCKET = 25 * 2**20


class Exchange:
    """Exchanges tensors between the processes of a group, over NCCL on `cuda`; with one process nothing is copied.

    A process waits for the others for `STEP_PATIENCE`: what one of them does alone, it does before or after
    (`Group.from_first`).
    """

    def __init__(self, group: Group, device: str) -> None:
        self.size = group.size
        self.rank = group.rank
        self._processes: dist.ProcessGroup | None = None
        self._hosts: dist.ProcessGroup | None = None
        if group.size > 1:
            self._processes = self._hosts = _new_group("gloo")
            if device == "cuda":
                self._processes = _new_group("nccl")

    def gathered(self, tensor: torch.Tensor) -> torch.Tensor:
        """Concatenate the tensors of all processes along the first dimension."""
        if self.size == 1:
            return tensor
        parts = [torch.empty_like(tensor, memory_format=torch.contiguous_format) for _ in range(self.size)]
        dist.all_gather(parts, tensor.contiguous(), group=self._processes)
        return torch.cat(parts)

    def average(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by its mean over all processes; they are of one type and sent in one message."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        dist.all_reduce(flat, group=self._processes)
        flat.div_(self.size)
        for tensor, part in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def begin_sum(self, tensor: torch.Tensor) -> dist.Work | None:
        """Begin to add up a tensor over all processes, in place, while other work goes on; wait for the result."""
        return None if self.size == 1 else dist.all_reduce(tensor, group=self._processes, async_op=True)

    def union(self, numbers: Iterable[int], *, below: int) -> list[int]:
        """All numbers, from 0 to below a bound, that any process passes; ascending."""
        named = torch.zeros(below, dtype=torch.int64)
        named[list(numbers)] = 1
        if self.size > 1:
            dist.all_reduce(named, group=self._hosts)
        return named.nonzero().flatten().tolist()

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any process."""
        return self.flags(flag)[0]

    def flags(self, *flags: bool) -> list[bool]:
        """Whether each of the flags is set on any process."""
        found = self.union([number for number, flag in enumerate(flags) if flag], below=len(flags))
        return [number in found for number in range(len(flags))]


class GradientBuckets:
    """Averages gradients over all processes while the backward pass goes on, some parameters at a time.

    A bucket is sent as soon as its last gradient is there. All processes send them in the same order, the parameters of
    the last layers first.

    Args:
        parameters: The parameters.
        exchange: The processes.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter], exchange: Exchange) -> None:
        self._exchange = exchange
        self._buckets: list[list[torch.nn.Parameter]] = []
        room = 0
        for parameter in reversed(parameters):
            if not self._buckets or room + parameter.nbytes > _BUCKET or parameter.dtype != self._buckets[-1][0].dtype:
                self._buckets.append([])
                room = 0
            self._buckets[-1].append(parameter)
            room += parameter.nbytes
        self._place = {id(parameter): n for n, bucket in enumerate(self._buckets) for parameter in bucket}

    @contextmanager
    def averaging(self) -> Iterator[None]:
        """Average the gradients of the backward pass inside the block; parameters that get none have 0 afterwards."""
        if self._exchange.size == 1:
            yield
            self._fill()
            return
        missing = list(map(len, self._buckets))
        sent: list[tuple[torch.Tensor, dist.Work | None]] = []

        def arrived(parameter: torch.Tensor) -> None:
            missing[self._place[id(parameter)]] -= 1
            while len(sent) < len(missing) and not missing[len(sent)]:
                self._send(sent)

        hooks = [
            parameter.register_post_accumulate_grad_hook(arrived)  # type: ignore[no-untyped-call]
            for bucket in self._buckets
            for parameter in bucket
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
        self._fill()
        while len(sent) < len(missing):
            self._send(sent)
        for bucket, (flat, work) in zip(self._buckets, sent, strict=True):
            if work is not None:
                work.wait()
            flat.div_(self._exchange.size)
            parts = torch.split(flat, [parameter.numel() for parameter in bucket])
            torch._foreach_copy_(
                [_gradient(parameter) for parameter in bucket],
                [part.view_as(parameter) for part, parameter in zip(parts, bucket, strict=True)],
            )

    def _send(self, sent: list[tuple[torch.Tensor, dist.Work | None]]) -> None:
        flat = torch.cat([_gradient(one).reshape(-1) for one in self._buckets[len(sent)]])
        sent.append((flat, self._exchange.begin_sum(flat)))

    def _fill(self) -> None:
        for bucket in self._buckets:
            for parameter in bucket:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)


def _gradient(parameter: torch.nn.Parameter) -> torch.Tensor:
    return cast("torch.Tensor", parameter.grad)


def _new_group(backend: str) -> dist.ProcessGroup:
    return cast("dist.ProcessGroup", dist.new_group(backend=backend, timeout=STEP_PATIENCE))
