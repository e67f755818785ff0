"""Batch normalisation over groups of a batch, in one forward pass of all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.nn.functional import batch_norm
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode

from artbench.errors import ArtbenchError

_STATISTICS, _COUNTER = ("running_mean", "running_var"), "num_batches_tracked"


class GroupedNorm(TorchFunctionMode):
    """While active, batch norms in training normalise each of `groups` equal parts of a batch by itself.

    This is split batch normalisation ("ghost batch normalisation", Hoffer et al. 2017, arXiv 1705.08741) without a pass
    for each part: the parts become channels, so that one call of the library normalises all. It works on calls of
    `torch.nn.functional.batch_norm`, whichever module makes them, under `torch.compile` too.

    Statistics that a call updates must have room for each group, shape (groups x channels,); `GroupedStatistics` puts
    such into the modules. Others are updated over the whole batch.

    Example:
        >>> images = torch.randn(8, 3, 4, 4)
        >>> with GroupedNorm(2):
        ...     made = torch.nn.functional.batch_norm(images, None, None, training=True)
        >>> expected = torch.nn.functional.batch_norm(images[4:], None, None, training=True)
        >>> torch.allclose(made[4:], expected, atol=1e-6)
        True
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Compute a function; `batch_norm` is computed in groups."""
        if func is batch_norm and self.groups > 1:
            return _normalised(self.groups, *args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


class GroupedStatistics:
    """The running statistics of a network's batch norms, apart for each group of a batch.

    As with copies of the network for each sub-batch, every group starts from the statistics at the beginning of the
    step, and what the network keeps is their mean over all groups. Statistics of all layers lie in one tensor, so that
    starting, summing and keeping take a few operations each, whatever the number of layers and groups.

    Args:
        network: The network; its buffers are replaced while `started`, and are its own again afterwards.
        groups: Number of groups in a forward pass.
    """

    def __init__(self, network: torch.nn.Module, *, groups: int) -> None:
        norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
        statistics = [(norm, name) for norm in norms for name in _STATISTICS if getattr(norm, name) is not None]
        counters = [(norm, _COUNTER) for norm in norms if getattr(norm, _COUNTER) is not None]
        self._places = statistics + counters
        self._own: list[torch.Tensor] = [getattr(*place) for place in statistics]
        self._counters: list[torch.Tensor] = [getattr(*place) for place in counters]
        self._counted = [counter.clone() for counter in self._counters]
        self._groups = groups
        self._widths = [len(own) for own in self._own]
        self._total: torch.Tensor | None = None
        self._passes = 0
        if self._own:
            self._all = torch.cat(self._own * groups)
            self._parts = list(torch.split(self._all, [groups * width for width in self._widths]))
        else:
            self._parts = []

    @contextmanager
    def started(self, *, keep: bool) -> Iterator[None]:
        """Let the network use statistics of the groups, which begin as the network's own are.

        Args:
            keep: Whether `take_mean` takes account of them.
        """
        if self._own:
            torch.cat([own for own in self._own for _ in range(self._groups)], out=self._all)
        if self._counters:
            torch._foreach_copy_(self._counted, self._counters)
        before = [*self._own, *self._counters]
        try:
            for (norm, name), tensor in zip(self._places, [*self._parts, *self._counted], strict=True):
                setattr(norm, name, tensor)
            yield
        finally:
            for (norm, name), tensor in zip(self._places, before, strict=True):
                setattr(norm, name, tensor)
        if keep and self._own:
            made = torch.cat([part.view(self._groups, -1) for part in self._parts], dim=1).mean(dim=0)
            self._total = made if self._total is None else self._total.add_(made)
            self._passes += 1

    def take_mean(self, average: Callable[[Sequence[torch.Tensor]], None]) -> None:
        """Set the network's own statistics to their mean over all groups since the last call, and over processes.

        Args:
            average: Replaces tensors by their mean over all processes.
        """
        if self._total is None:
            return
        mean = self._total.div_(self._passes)
        average([mean])
        torch._foreach_copy_(self._own, list(torch.split(mean, self._widths)))
        if self._counters:
            torch._foreach_copy_(self._counters, self._counted)
        self.forget()

    def forget(self) -> None:
        """Begin anew: leave out all groups since the last `take_mean`."""
        self._total, self._passes = None, 0


@contextmanager
def grouped(networks: Sequence[GroupedStatistics], *, groups: int, keep: GroupedStatistics) -> Iterator[None]:
    """Compute batch norms in groups, each with statistics of its own, of which one network keeps the mean."""
    with ExitStack() as stack:
        for network in networks:
            stack.enter_context(network.started(keep=network is keep))
        stack.enter_context(GroupedNorm(groups))
        yield


def _normalised(
    groups: int,
    input: torch.Tensor,  # noqa: A002  torch's own name, by which callers may pass it
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> torch.Tensor:
    count, channels = input.shape[:2]
    if not training or (running_mean is not None and len(running_mean) == channels):
        return batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if count % groups:
        raise ArtbenchError(
            f"a batch norm was given {count} images, which can't be divided into {groups} sub-batches",
            mend="Set sub_batches_apart = True in the objective: then it gets each sub-batch by itself",
        )
    sides = input.shape[2:]
    last, inner = (0, *range(2, input.dim()), 1), range(2, 2 + len(sides))
    # Channels last, in memory too: convolutions want them there.
    apart = input.permute(last).reshape(groups, count // groups, *sides, channels)
    folded = apart.permute(1, *inner, 0, input.dim()).reshape(count // groups, *sides, groups * channels)
    made = batch_norm(
        folded.movedim(-1, 1),
        running_mean,
        running_var,
        None if weight is None else weight.repeat(groups),
        None if bias is None else bias.repeat(groups),
        True,
        momentum,
        eps,
    )
    apart = made.movedim(1, -1).reshape(count // groups, *sides, groups, channels)
    whole = apart.permute(input.dim() - 1, *range(input.dim() - 1), input.dim()).reshape(count, *sides, channels)
    return whole.movedim(-1, 1)
