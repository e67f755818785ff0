"""One update of the weights: targets, loss and gradients of a batch, on every core, device and process."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.encoders.backbone import Backbone
from artbench.features.forward import is_convolutional
from artbench.pretrain.augment import augment, sent
from artbench.pretrain.beside import Beside
from artbench.pretrain.calls import Calls
from artbench.pretrain.crops import Crops, joined
from artbench.pretrain.exchange import Exchange
from artbench.pretrain.fitting import CudaMemory, Memory, images_that_fit, let_go, too_large
from artbench.pretrain.loss_scale import LossScale
from artbench.pretrain.method import Networks, Objective
from artbench.pretrain.optimizers import coming_bytes, set_rates
from artbench.pretrain.passes import Passes, ThreadedPasses, WholePasses
from artbench.pretrain.precision import at_least_float32, unit
from artbench.pretrain.randomness import StepRandomness, takes_generator
from artbench.pretrain.settings import Settings
from artbench.runtime.distributed import Group

Views = tuple[torch.Tensor, ...]


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """The result of a step, on the device: reading it waits until the step is done.

    Attributes:
        loss: Loss of the batch, shape ().
        spread: Standard deviation of the normalised targets over the batch, times the square root of their dimension:
            1 if they point everywhere, 0 if they have collapsed to one direction; shape ().
        skipped: Number of steps so far that float16 left out; None in other number types.
    """

    loss: torch.Tensor
    spread: torch.Tensor
    skipped: int | None = None

    @property
    def waits(self) -> bool:
        """Whether reading waits for a device."""
        return self.loss.device.type != "cpu"


class Stepper:
    """Updates the weights, step by step.

    The batch of a process goes through the networks in parts. On the CPU a part is a sub-batch, in a thread of its own
    (`ThreadedPasses`); on other devices it is the whole batch, or as many sub-batches as `micro_batch` allows
    (`WholePasses`). Both give the same weights to rounding, except that layers which draw random numbers draw others.

    Args:
        objective: The method's objective, on the device.
        optimizer: Optimiser of the student's trainable parameters, in the groups of the objective.
        backbone: The backbone, for its mean and std.
        dtype: Number type to compute in.
        threads: Number of sub-batches computed at once; 0: parts go through the networks whole.
        micro_batch: Most images of a part; None: all of the process.
        exchange: Exchanges tensors with the other processes.
        compiled: Whether to compile the networks.
        memory: Reads the device's memory; None: as torch counts that of a CUDA device.
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
        micro_batch: int | None = None,
        compiled: bool = False,
        memory: Memory | None = None,
    ) -> None:
        self._objective = objective
        self._optimizer = optimizer
        self._settings = settings
        self._seed = seed
        self._device = torch.device(device)
        # Made once: the host would wait for each copy of them.
        self._mean, self._std = (
            torch.tensor(values, device=device).view(1, 3, 1, 1) for values in (backbone.mean, backbone.std)
        )
        self._exchange = exchange
        self._randomness = StepRandomness(seed, self._device)
        self._memory = CudaMemory() if memory is None and self._device.type == "cuda" else memory
        self._together: dict[str, Any] = {"device": self._device, "dtype": dtype, "randomness": self._randomness}
        own = settings.sub_batches // exchange.size
        most = 1 if objective.sub_batches_apart else max(1, (micro_batch or settings.batch_size) // self._sub_batch)
        # Numbers of sub-batches that a part may have.
        self._counts = [count for count in range(1, own + 1) if own % count == 0 and count <= most]
        self._passes: Passes
        made: dict[str, Any] = {**self._together, "exchange": exchange, "compiled": compiled}
        if threads:
            self._passes = ThreadedPasses(objective.networks, threads=threads, **made)
        else:
            self._passes = WholePasses(objective.networks, sub_batches=self._counts[-1], **made)
        # In threads each sub-batch would be compiled by itself: there the networks alone are.
        self._calls = Calls(compiled=compiled and not threads)
        self._beside = Beside(self._device)
        self._updated = True
        self._takes_generator = takes_generator(objective.loss)
        self._layout = torch.channels_last if is_convolutional(backbone.module) else torch.contiguous_format

    @property
    def loss_scale(self) -> LossScale:
        """What the loss is scaled by in float16."""
        return self._passes.loss_scale

    @property
    def _sub_batch(self) -> int:
        return min(self._settings.sub_batch, self._settings.batch_size)

    def step(self, number: int, crops: Sequence[Crops], *, lr: float, progress: float) -> StepResult:
        """Make one update from crops: `views`, then `update`."""
        self._objective.source, self._objective.epoch = crops[0].source, crops[0].epoch
        with self._saying_what_fits():
            views = self.views(crops)
        return self.update(number, views, lr=lr, progress=progress)

    def views(self, crops: Sequence[Crops]) -> Sequence[Views]:
        """Augment the crops of this process: all views of each part, as the networks take them."""
        count = self._passes.sub_batches
        parts = [joined(crops[first : first + count]) for first in range(0, len(crops), count)]
        with self._beside.making():
            return list(self._passes.at_once(lambda place: self._views(parts[place]), range(len(parts))))

    def update(self, number: int, views: Sequence[Views], *, lr: float, progress: float) -> StepResult:
        """Make one update.

        Args:
            number: Number of the step, from 0.
            views: The parts of this process, of one or more sub-batches each.
            lr: The learning rate.
            progress: Share of the training that is done.

        Returns:
            The result, the same on every process. If the loss is not finite, the student is unchanged on the CPU; other
            devices are not waited for, and the training stops when the loss is next reported, or saved.

        Raises:
            ArtbenchError: The device's memory does not hold the parts, or gradients overflow whatever the loss is
                scaled by.
        """
        with self._beside.using(views), self._saying_what_fits(views):
            objective = self._objective
            if self._updated:
                objective.begin_step(progress)
            targets = self._targets(number, views)
            objective.receive(targets)
            loss = self._gradients(number, views, targets)

            def prepare() -> None:
                objective.before_update(progress)
                decay = objective.weight_decay(progress)
                set_rates(self._optimizer, lr=lr, weight_decay=self._settings.weight_decay if decay is None else decay)

            self._updated = self._passes.update(self._optimizer, prepare, loss)
            if self._updated:
                objective.end_step(targets)
            return StepResult(loss=loss, spread=_spread(targets), skipped=self.loss_scale.skipped)

    def _places(self, count: int) -> range:
        """The numbers of this process's parts in the whole batch."""
        first = self._exchange.rank * count
        return range(first, first + count)

    def _views(self, crops: Crops) -> Views:
        def view(which: int) -> torch.Tensor:
            images = augment(sent(crops.pixels[which], self._device), crops.draws[which])
            return images.sub_(self._mean).div_(self._std).contiguous(memory_format=self._layout)

        return tuple(view(which) for which in range(len(crops.pixels)))

    def _targets(self, number: int, views: Sequence[Views]) -> torch.Tensor:
        """The targets of the whole batch, in its order."""
        places = self._places(len(views))
        order = self._shuffle(number) if self._objective.shuffled else None
        if order is None:
            chosen = [tuple(part[view] for view in self._objective.target_views) for part in views]
            part_at: Callable[[int], Views] = chosen.__getitem__
        else:
            part_at = self._shuffled([part[self._objective.target_views[0]] for part in views], order)

        def work(networks: Networks, place: int) -> torch.Tensor:
            return at_least_float32(self._calls.embed(self._objective, networks, part_at(place - places.start)))

        targets = self._exchange.gathered(self._passes.embed(work, places, step=number))
        return targets if order is None else targets[sent(order.argsort(), self._device)]

    def _shuffle(self, number: int) -> NDArray[np.int64]:
        generator = np.random.Generator(np.random.Philox(key=[self._seed, 2], counter=[0, 0, number, 0]))
        return generator.permutation(self._settings.batch_size)

    def _shuffled(self, views: Sequence[torch.Tensor], order: NDArray[np.int64]) -> Callable[[int], Views]:
        """This process's parts of the shuffled batch, by number; each is made when it is asked for."""
        batch = self._exchange.gathered(torch.cat(list(views)))
        own = sent(order, self._device).view(self._exchange.size, len(views), -1)[self._exchange.rank]
        return lambda part: (batch[own[part]].contiguous(memory_format=self._layout),)

    def _gradients(self, number: int, views: Sequence[Views], targets: torch.Tensor) -> torch.Tensor:
        """Set the gradients of the batch, and return its loss."""
        objective, size, places = self._objective, len(views[0][0]), self._places(len(views))

        def work(networks: Networks, place: int) -> torch.Tensor:
            own = slice(place * size, (place + 1) * size)
            more = {"generator": self._randomness.generator(number, place)} if self._takes_generator else {}
            return self._calls.loss(objective, networks, views[place - places.start], targets, own, more)

        return self._passes.gradients(work, places, step=number, phase=0 if objective.replays else 1)

    @contextmanager
    def _saying_what_fits(self, views: Sequence[Views] = ()) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError as error:
            let_go(error)
            images, size = self._passes.sub_batches * self._sub_batch, self._sub_batch
            raise too_large(
                images,
                counts=[count for count in self._counts if count * size < images],
                sub_batch=size,
                batch=self._settings.batch_size,
                room=self._room(views[0], below=images, memory=self._memory) if views and self._memory else None,
            ) from error

    def _room(self, part: Views, *, below: int, memory: Memory) -> int | None:
        """The number of images that fit into memory, by passes of a few; None if these fail for another reason."""
        size = self._sub_batch
        fits = partial(images_that_fit, memory=memory, reserve=coming_bytes(self._optimizer))
        work = partial(self._pass_alone, part)
        with suppress(Exception):
            room = fits([many for many in (size, 2 * size) if many < below], work) if below > size else 0
            return room or fits([few for few in (size // 4, size // 2) if few >= 2], work)
        return None

    def _pass_alone(self, part: Views, images: int) -> None:
        """Make a pass of some images of a part, by this process alone; the gradients are of no use."""
        objective = self._objective
        own = tuple(view[:images] for view in part)
        passes = WholePasses(
            objective.networks,
            sub_batches=max(1, images // self._sub_batch),
            exchange=Exchange(Group(), self._device.type),
            **self._together,
        )
        chosen = tuple(own[view] for view in objective.target_views)
        found = passes.embed(lambda networks, _: objective.embed(networks, chosen), range(1), step=0)
        targets = at_least_float32(found.new_zeros(self._settings.batch_size, *found.shape[1:]))
        targets[:images] = found
        objective.receive(targets)
        more = {"generator": self._randomness.generator(0, 0)} if self._takes_generator else {}
        passes.gradients(
            lambda networks, _: objective.loss(networks, own, targets, slice(0, images), **more),
            range(1),
            step=0,
            phase=1,
        )


def _spread(targets: torch.Tensor) -> torch.Tensor:
    directions = unit(targets[:, 0])
    return directions.std(dim=0).mean().mul(directions.shape[1] ** 0.5)
