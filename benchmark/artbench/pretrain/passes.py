"""How the sub-batches of a process go through the networks: each in a thread of its own, or all in one pass."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from typing import TypeAlias, TypeVar

import torch

from artbench.pretrain.conv_as_matmul import MatmulConvolutions, exclude_from_compiling
from artbench.pretrain.exchange import Exchange, GradientBuckets
from artbench.pretrain.grouped_norm import GroupedStatistics, grouped
from artbench.pretrain.loss_scale import LossScale
from artbench.pretrain.method import Networks
from artbench.pretrain.randomness import StepRandomness
from artbench.pretrain.replicas import Replicas, Statistics, statistics
from artbench.runtime.threads import in_threads

ResultT = TypeVar("ResultT")
# Computes a part of the batch with some networks; gets the number of the part in the whole batch.
Work: TypeAlias = Callable[[Networks, int], torch.Tensor]
# Loss, gradients and statistics of a part.
_Part: TypeAlias = tuple[torch.Tensor, list[torch.Tensor], Statistics]


class Passes(ABC):
    """Passes of all parts of this process through the networks.

    Attributes:
        sub_batches: Number of sub-batches in a part.
        loss_scale: What the loss is scaled by in float16.
    """

    sub_batches: int = 1

    def __init__(
        self,
        networks: Networks,
        *,
        device: torch.device,
        dtype: torch.dtype,
        exchange: Exchange,
        randomness: StepRandomness,
    ) -> None:
        self._networks = networks
        self._parameters = [p for p in networks.student.parameters() if p.requires_grad]
        self._device = device
        self._dtype = dtype
        self._exchange = exchange
        self._randomness = randomness
        self.loss_scale = LossScale(device, dtype)

    @abstractmethod
    def embed(self, work: Work, places: range, *, step: int) -> torch.Tensor:
        """Compute targets without gradients, and update the teacher's statistics.

        Args:
            work: Computes the targets of a part, and changes nothing.
            places: Numbers of this process's parts.
            step: Number of the step.

        Returns:
            The targets of this process.
        """

    @abstractmethod
    def gradients(self, work: Work, places: range, *, step: int, phase: int) -> torch.Tensor:
        """Set the gradients to the mean over all parts of all processes, and update the student's statistics.

        Args:
            work: Computes the loss of a part, and changes nothing.
            places: Numbers of this process's parts.
            step: Number of the step.
            phase: As for `StepRandomness`.

        Returns:
            The mean loss, shape (), on the device; None of it has to be waited for.
        """

    def update(self, optimizer: torch.optim.Optimizer, prepare: Callable[[], None], loss: torch.Tensor) -> bool:
        """Make the optimiser's step; return whether it was made.

        It is not if it is known that the loss is not finite, or, in float16, if gradients overflowed.

        Args:
            optimizer: The optimiser.
            prepare: What is done between gradients and step.
            loss: The loss, as `gradients` returned it.
        """
        if loss.device.type == "cpu" and not loss.isfinite():
            return False
        return self.loss_scale.step(optimizer, prepare)

    def at_once(self, work: Callable[[int], ResultT], places: range) -> Iterator[ResultT]:
        """Do some work for each part; the results come in order."""
        yield from map(work, places)

    def _computing(self, *, cached: bool) -> torch.autocast:
        enabled = self._dtype != torch.float32
        return torch.autocast(self._device.type, self._dtype, enabled=enabled, cache_enabled=cached)


class ThreadedPasses(Passes):
    """Each sub-batch by one thread on its own core, which is faster on a CPU than all cores on one layer after another.

    Gradients are summed in the order of the sub-batches, so that results do not depend on the number of threads, and as
    they come, so that memory does not grow with the number of sub-batches.

    Args:
        threads: Number of sub-batches computed at once.
        compiled: Whether to compile the networks.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        device: torch.device,
        dtype: torch.dtype,
        exchange: Exchange,
        randomness: StepRandomness,
        threads: int,
        compiled: bool,
    ) -> None:
        super().__init__(networks, device=device, dtype=dtype, exchange=exchange, randomness=randomness)
        self._threads = threads
        self._replicas = Replicas(networks, count=threads, compiled=compiled)

    def embed(self, work: Work, places: range, *, step: int) -> torch.Tensor:
        """Compute the targets, as `Passes.embed`."""

        @torch.no_grad()
        def one(place: int) -> tuple[torch.Tensor, Statistics]:
            with self._replicas.one() as networks, self._mixed():
                return work(networks, place), statistics(networks.teacher)

        results = self._randomness.each(one, places, step=step, phase=0, at_once=self.at_once, fold=list)
        self._replicas.keep_mean(self._networks.teacher, [found for _, found in results], self._exchange)
        return torch.cat([made for made, _ in results])

    def gradients(self, work: Work, places: range, *, step: int, phase: int) -> torch.Tensor:
        """Set the gradients, as `Passes.gradients`."""

        def one(place: int) -> _Part:
            with self._replicas.one() as networks:
                with torch.enable_grad(), self._mixed():
                    loss = work(networks, place)
                gradients = torch.autograd.grad(loss, self._parameters, allow_unused=True, materialize_grads=True)
                return loss.detach(), list(gradients), statistics(networks.student)

        def summed(parts: Iterable[_Part]) -> tuple[list[torch.Tensor], list[torch.Tensor], list[Statistics]]:
            total: list[torch.Tensor] = []
            losses, found = [], []
            for loss, gradients, one_found in parts:
                if total:
                    torch._foreach_add_(total, gradients)
                else:
                    total = gradients
                losses.append(loss)
                found.append(one_found)
                # Else they live until the next are there.
                del gradients
            return losses, total, found

        losses, total, found = self._randomness.each(
            one, places, step=step, phase=phase, at_once=self.at_once, fold=summed
        )
        torch._foreach_div_(total, float(len(losses)))
        loss = torch.stack(losses).mean().reshape(1)
        self._exchange.average([loss, *total])
        self._replicas.keep_mean(self._networks.student, found, self._exchange)
        for parameter, gradient in zip(self._parameters, total, strict=True):
            parameter.grad = gradient
        return loss[0]

    def at_once(self, work: Callable[[int], ResultT], places: range) -> Iterator[ResultT]:
        """Do some work for each part, in all threads; a few results are made in advance."""
        if self._threads == 1:
            yield from super().at_once(work, places)
            return
        with closing(in_threads(work, places, threads=self._threads)) as results:
            yield from results

    def _mixed(self) -> torch.autocast:
        # The cache of weights in bfloat16 is one for all threads, and each empties it when it is done: whether the
        # gradients of two uses of a weight are added before or after rounding would be a matter of chance.
        return self._computing(cached=False)


class WholePasses(Passes):
    """All sub-batches of a part in one pass, as accelerators need it: batch norms normalise each by itself.

    Gradients are accumulated in place, so that memory does not grow with the number of parts. Nothing waits for the
    device.

    Args:
        sub_batches: Number of sub-batches in a part.
        compiled: Whether to compile the networks.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        device: torch.device,
        dtype: torch.dtype,
        exchange: Exchange,
        randomness: StepRandomness,
        sub_batches: int,
        compiled: bool = False,
    ) -> None:
        super().__init__(networks, device=device, dtype=dtype, exchange=exchange, randomness=randomness)
        self.sub_batches = sub_batches
        self._student = GroupedStatistics(networks.student, groups=sub_batches)
        self._teacher = GroupedStatistics(networks.teacher, groups=sub_batches)
        self._buckets = GradientBuckets(self._parameters, exchange)
        if device.type == "cuda":
            # Shapes are the same in all steps.
            torch.backends.cudnn.benchmark = True
        self._compiled = compiled
        if compiled:
            for network in networks:
                exclude_from_compiling(network)
                network.compile(dynamic=False)

    def embed(self, work: Work, places: range, *, step: int) -> torch.Tensor:
        """Compute the targets, as `Passes.embed`."""
        made = []
        for place in places:
            self._randomness.seed(step, place, phase=0)
            with torch.no_grad(), self._passing(self._teacher), self._computing(cached=True):
                made.append(work(self._networks, place))
        self._teacher.take_mean(self._exchange.average)
        return torch.cat(made)

    def gradients(self, work: Work, places: range, *, step: int, phase: int) -> torch.Tensor:
        """Set the gradients, as `Passes.gradients`."""
        for parameter in self._parameters:
            parameter.grad = None
        losses = []
        for place in places:
            self._randomness.seed(step, place, phase=phase)
            last = place == places[-1]
            with self._passing(self._student):
                with torch.enable_grad(), self._computing(cached=True):
                    loss = work(self._networks, place) / len(places)
                with self._buckets.averaging() if last else nullcontext():
                    self.loss_scale.backward(loss)
            losses.append(loss.detach())
        total = torch.stack(losses).sum().reshape(1)
        self._exchange.average([total])
        self._student.take_mean(self._exchange.average)
        return total[0]

    def _passing(self, keep: GroupedStatistics) -> AbstractContextManager[object]:
        stack = ExitStack()
        if self._device.type == "cpu" and not self._compiled:
            stack.enter_context(MatmulConvolutions())
        stack.enter_context(grouped([self._student, self._teacher], groups=self.sub_batches, keep=keep))
        return stack
