"""Copies of the networks, one per thread, with shared parameters and separate statistics of batch normalisation."""

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import chain

import torch

from artbench.pretrain.conv_as_matmul import MatmulConvolutions, exclude_from_compiling
from artbench.pretrain.exchange import Exchange
from artbench.pretrain.method import Networks

Statistics = Mapping[str, torch.Tensor]


class Replicas:
    """Copies of the networks of an objective, for several threads at once.

    Every sub-batch starts from the running statistics at the beginning of the step; then their mean over all
    sub-batches of all processes is taken. Results depend neither on the number of threads nor on that of processes.

    Args:
        networks: Networks whose parameters the copies share.
        count: Number of threads.
        compiled: Whether to compile each copy with `torch.compile`.
    """

    def __init__(self, networks: Networks, *, count: int, compiled: bool = False) -> None:
        self._networks = networks
        parameters: dict[int, object] = {id(p): p for network in networks for p in network.parameters()}
        self._free = [copy.deepcopy(networks, dict(parameters)) for _ in range(count)]
        if compiled:
            for network in chain.from_iterable(self._free):
                exclude_from_compiling(network)
                network.compile(dynamic=False)
        self._compiled = compiled
        self._lock = threading.Semaphore(count)

    @contextmanager
    def one(self) -> Iterator[Networks]:
        """A free copy, with the statistics at the beginning of the step; waits until there is one."""
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
        """Set the statistics of an original network to their mean over the sub-batches of all processes.

        `found` has the `statistics` of a copy after each sub-batch of this process.
        """
        averaged = []
        for name, tensor in network.named_buffers():
            if tensor.is_floating_point():
                tensor.copy_(torch.stack([buffers[name] for buffers in found]).mean(dim=0))
                averaged.append(tensor)
            else:
                # A counter of batches: the same in all.
                tensor.copy_(found[0][name])
        exchange.average(averaged)


def statistics(network: torch.nn.Module) -> Statistics:
    """A copy of a network's buffers: the running statistics of batch normalisation."""
    return {name: tensor.clone() for name, tensor in network.named_buffers()}
