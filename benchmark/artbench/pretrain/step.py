"""One update of the weights: targets, loss and gradients, sub-batch by sub-batch, on every core and every process."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import numpy as np
import torch

from artbench.encoders.backbone import Backbone
from artbench.features.forward import is_convolutional
from artbench.pretrain.augment import augment, normalised
from artbench.pretrain.crops import CropPair
from artbench.pretrain.method import Networks, Objective
from artbench.pretrain.replicas import Exchange, Replicas, Statistics, statistics
from artbench.pretrain.settings import Settings
from artbench.runtime.threads import in_threads

ResultT = TypeVar("ResultT")
Views = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """The result of a step.

    Attributes:
        loss: Loss of the batch.
        spread: Standard deviation of the normalised targets over the batch, times the square root of their dimension:
            1 if they point everywhere, 0 if they have collapsed to one direction.
    """

    loss: float
    spread: float


class Stepper:
    """Updates the weights, step by step.

    On the CPU each sub-batch is computed by one thread on its own core, which is faster than all cores on one layer
    after the other. Gradients are summed in the order of the sub-batches, so that results do not depend on the number
    of threads.

    Args:
        objective: The method's objective, on the device.
        optimizer: Optimiser of the student's trainable parameters, in their order.
        backbone: The backbone, for its mean and std.
        dtype: Number type to compute in.
        threads: Number of sub-batches computed at once.
        exchange: Exchanges tensors with the other processes.
    """

    def __init__(
        self,
        objective: Objective,
        optimizer: torch.optim.Optimizer,
        *,
        backbone: Backbone,
        settings: Settings,
        seed: int,
        device: str,
        dtype: torch.dtype,
        threads: int,
        exchange: Exchange,
        compiled: bool = False,
    ) -> None:
        self._objective = objective
        self._optimizer = optimizer
        self._backbone = backbone
        self._settings = settings
        self._seed = seed
        self._device = torch.device(device)
        self._dtype = dtype
        self._exchange = exchange
        self._random = _draws_at_random(objective.networks)
        # One at a time if a layer draws random numbers: all threads share one generator.
        self._threads = 1 if self._random else threads
        self._replicas = Replicas(objective.networks, count=self._threads, compiled=compiled)
        self._parameters = [p for p in objective.networks.student.parameters() if p.requires_grad]
        self._layout = torch.channels_last if is_convolutional(backbone.module) else torch.contiguous_format

    def step(self, number: int, crops: Sequence[CropPair], *, lr: float, progress: float) -> StepResult:
        """Make one update from crops: `views`, then `update`."""
        self._objective.source = crops[0].source
        return self.update(number, self.views(crops), lr=lr, progress=progress)

    def views(self, crops: Sequence[CropPair]) -> list[Views]:
        """Augment the sub-batches of this process: two views each, as the networks take them."""
        return self._each(lambda place: self._views(crops[place]), len(crops))

    def update(self, number: int, views: Sequence[Views], *, lr: float, progress: float) -> StepResult:
        """Make one update.

        Args:
            number: Number of the step, from 0.
            views: The sub-batches of this process.
            lr: The learning rate.
            progress: Share of the training that is done.

        Returns:
            The result, the same on every process. If the loss is not finite, the student is unchanged.
        """
        objective = self._objective
        objective.begin_step(progress)
        targets = self._targets(number, views)
        objective.receive(targets)
        loss = self._gradients(number, views, targets)
        if np.isfinite(loss):
            for group in self._optimizer.param_groups:
                group["lr"] = lr
            self._optimizer.step()
            objective.end_step(targets)
        return StepResult(loss=loss, spread=_spread(targets))

    def _each(self, work: Callable[[int], ResultT], count: int) -> list[ResultT]:
        if self._threads == 1:
            return [work(place) for place in range(count)]
        with closing(in_threads(work, range(count), threads=self._threads)) as results:
            return list(results)

    def _views(self, crops: CropPair) -> Views:
        def view(which: int) -> torch.Tensor:
            images = augment(torch.from_numpy(crops.pixels[which]).to(self._device), crops.draws[which])
            images = normalised(images, self._backbone.mean, self._backbone.std)
            return images.contiguous(memory_format=self._layout)

        return view(0), view(1)

    def _targets(self, number: int, views: Sequence[Views]) -> torch.Tensor:
        """The targets of the whole batch, in its order."""
        chosen = [tuple(pair[view] for view in self._objective.target_views) for pair in views]
        order = self._shuffle(number) if self._objective.shuffled else None
        if order is not None:
            chosen = self._shuffled([view for (view,) in chosen], order)

        first = self._exchange.rank * len(views)

        @torch.no_grad()
        def work(place: int) -> tuple[torch.Tensor, Statistics]:
            with self._replicas.one() as networks, self._computing(number, first + place, phase=0):
                made = self._objective.embed(networks, chosen[place])
                return made.float(), statistics(networks.teacher)

        results = self._each(work, len(views))
        self._replicas.keep_mean(self._objective.networks.teacher, [found for _, found in results], self._exchange)
        targets = self._exchange.gathered(torch.cat([made for made, _ in results]))
        return targets if order is None else targets[order.argsort()]

    def _shuffle(self, number: int) -> torch.Tensor:
        generator = np.random.Generator(np.random.Philox(key=[self._seed, 2], counter=[0, 0, number, 0]))
        return torch.from_numpy(generator.permutation(self._settings.batch_size)).to(self._device)

    def _shuffled(self, views: Sequence[torch.Tensor], order: torch.Tensor) -> list[tuple[torch.Tensor, ...]]:
        """This process's sub-batches of the shuffled batch."""
        batch = self._exchange.gathered(torch.cat(list(views)))
        own = order.view(self._exchange.size, len(views), -1)[self._exchange.rank]
        return [(batch[rows].contiguous(memory_format=self._layout),) for rows in own]

    def _gradients(self, number: int, views: Sequence[Views], targets: torch.Tensor) -> float:
        """Set the gradients of the batch; the loss is its mean."""
        objective, size = self._objective, len(views[0][0])
        first = self._exchange.rank * len(views)

        def work(place: int) -> tuple[torch.Tensor, list[torch.Tensor], Statistics]:
            own = slice((first + place) * size, (first + place + 1) * size)
            with self._replicas.one() as networks:
                with torch.enable_grad(), self._computing(number, first + place, phase=1):
                    loss = objective.loss(networks, views[place], targets, own)
                gradients = torch.autograd.grad(loss, self._parameters, allow_unused=True, materialize_grads=True)
                return loss.detach(), list(gradients), statistics(networks.student)

        results = self._each(work, len(views))
        total = results[0][1]
        for _, gradients, _ in results[1:]:
            torch._foreach_add_(total, gradients)
        torch._foreach_div_(total, float(len(results)))
        loss = torch.stack([loss for loss, _, _ in results]).mean().reshape(1)
        self._exchange.average([loss, *total])
        self._replicas.keep_mean(objective.networks.student, [found for _, _, found in results], self._exchange)
        for parameter, gradient in zip(self._parameters, total, strict=True):
            parameter.grad = gradient
        return float(loss)

    def _computing(self, number: int, place: int, *, phase: int) -> torch.autocast:
        if self._random:
            # A resumed run then draws the same numbers as an uninterrupted one.
            seeds = np.random.SeedSequence([self._seed, number, place, phase])
            torch.manual_seed(int(seeds.generate_state(1, np.uint64)[0]))
        # The cache of weights in bfloat16 is one for all threads, and each empties it when it is done: whether the
        # gradients of two uses of a weight are added before or after rounding would be a matter of chance.
        return torch.autocast(self._device.type, self._dtype, enabled=self._dtype != torch.float32, cache_enabled=False)


def _draws_at_random(networks: Networks) -> bool:
    """Whether a layer draws random numbers in training: dropout of units, of paths, of blocks."""
    for module in chain.from_iterable(network.modules() for network in networks):
        shares = [getattr(module, name, 0) for name in ("p", "drop_prob", "drop_rate")]
        dropping = any(word in type(module).__name__.lower() for word in ("drop", "stochasticdepth"))
        if dropping and any(isinstance(share, float) and share > 0 for share in shares):
            return True
    return False


def _spread(targets: torch.Tensor) -> float:
    unit = torch.nn.functional.normalize(targets[:, 0].float(), dim=1)
    return float(unit.std(dim=0).mean() * unit.shape[1] ** 0.5)
