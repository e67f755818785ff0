"""Copies of the networks, one a thread: the parameters shared, the statistics of batch normalisation apart."""

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

import torch

from artbench.pretrain.conv_as_matmul import MatmulConvolutions, exclude_from_compiling
from artbench.pretrain.method import Networks
from artbench.pretrain.processes import Exchange

Statistics = Mapping[str, torch.Tensor]


class Replicas:
    """Copies of the networks of an objective, for several threads at once.

    Every sub-batch begins with the running statistics that the step began with; afterwards their mean over all
    sub-batches of all processes is kept. So neither the number of threads nor that of processes matters.

    Args:
        networks: Their parameters are shared.
        count: How many threads there are.
        compiled: Whether `torch.compile` makes kernels for each copy.
    """

    def __init__(self, networks: Networks, *, count: int, compiled: bool = False) -> None:
        self._networks = networks
        parameters: dict[int, object] = {id(p): p for network in networks for p in network.parameters()}
        self._free = [copy.deepcopy(networks, dict(parameters)) for _ in range(count)]
        if compiled:
            for network in (network for replica in self._free for network in replica):
                exclude_from_compiling(network)
                network.compile(dynamic=False)
        self._compiled = compiled
        self._lock = threading.Semaphore(count)

    @contextmanager
    def one(self) -> Iterator[Networks]:
        """A copy with the statistics that the step began with; waits for one to be free."""
        with self._lock:
            replica = self._free.pop()
            try:
                for own, kept in zip(replica, self._networks, strict=True):
                    for buffer, source in zip(own.buffers(), kept.buffers(), strict=True):
                        buffer.copy_(source)
                with nullcontext() if self._compiled else MatmulConvolutions():
                    yield replica
            finally:
                self._free.append(replica)

    def keep_mean(self, network: torch.nn.Module, found: Sequence[Statistics], exchange: Exchange) -> None:
        """Set the statistics of a network to the mean of what the sub-batches made of them.

        Args:
            network: Of the originals.
            found: `statistics` of a copy, after each sub-batch of this process.
            exchange: To the other processes.
        """
        averaged = []
        for name, tensor in network.named_buffers():
            if tensor.is_floating_point():
                tensor.copy_(torch.stack([buffers[name] for buffers in found]).mean(dim=0))
                averaged.append(tensor)
            else:
                # Counters of batches: alike in all.
                tensor.copy_(found[0][name])
        exchange.average(averaged)


def statistics(network: torch.nn.Module) -> Statistics:
    """A copy of a network's buffers: the running statistics of batch normalisation."""
    return {name: tensor.clone() for name, tensor in network.named_buffers()}
