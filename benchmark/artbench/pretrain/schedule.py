"""Learning rate and momentum as functions of the step alone, so that a resumed run needs no state for them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from artbench.errors import UsageError
from artbench.pretrain.settings import Settings
from artbench.runtime.text import counted


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The length of a training.

    Attributes:
        epoch_steps: Number of updates in an epoch; images that do not fill a batch are left out of it.
        steps: Number of all updates.
        warmup: Number of updates over which the learning rate rises.
    """

    epoch_steps: int
    steps: int
    warmup: int

    def progress(self, step: int) -> float:
        """The share of the training that is done before a step."""
        return step / self.steps

    def ends_epoch(self, done: int) -> bool:
        """Whether an epoch, or the training, ends after this number of steps."""
        return done % self.epoch_steps == 0 or done == self.steps


def plan(settings: Settings, sizes: Sequence[int]) -> Plan:
    """The length of a training on a pool.

    Args:
        settings: Settings of the training.
        sizes: Number of images of each dataset in the pool.

    Raises:
        UsageError: The pool has fewer images than a batch, or the warm-up is longer than the training.
    """
    epoch_steps = sum(size // settings.batch_size for size in shares(settings, sizes))
    if not epoch_steps:
        pool = f"the pool has {counted(sum(sizes), 'image')}, fewer than"
        raise UsageError(
            f"{'no dataset has as many images as' if settings.one_source else pool} a batch of {settings.batch_size}",
            mend="Use more data, or a smaller batch: --set batch_size=N",
        )
    steps = settings.epochs * epoch_steps if settings.steps is None else settings.steps
    warmup = round(settings.warmup_epochs * epoch_steps)
    if warmup >= steps and warmup:
        raise UsageError(
            f"a warm-up of {warmup} steps leaves nothing of a training of {steps}", mend="Lower warmup_epochs"
        )
    return Plan(epoch_steps=epoch_steps, steps=steps, warmup=warmup)


def shares(settings: Settings, sizes: Sequence[int]) -> Sequence[int]:
    """Sizes of the parts of a pool that batches are drawn from, in the pool's order."""
    return sizes if settings.one_source else (sum(sizes),)


def learning_rate(settings: Settings, plan: Plan, step: int) -> float:
    """The learning rate of a step: linear warm-up, then half a cosine to the last one, or a tenth at each milestone."""
    peak = settings.scaled_lr
    if step < plan.warmup:
        return peak * (step + 1) / plan.warmup
    done = (step - plan.warmup) / (plan.steps - plan.warmup)
    if settings.schedule == "cosine":
        last = min(settings.last_lr, peak)
        return float(last + (peak - last) * 0.5 * (1 + math.cos(math.pi * done)))
    return float(peak * 0.1 ** sum(plan.progress(step) >= share for share in settings.milestones))


def cosine_to_one(start: float, progress: float) -> float:
    """A momentum that rises from `start` to 1 along half a cosine (BYOL, Grill et al. 2020; MoCo v3).

    Examples:
        >>> from artbench.pretrain import cosine_to_one
        >>> [round(cosine_to_one(0.99, progress), 4) for progress in (0, 0.5, 1)]
        [0.99, 0.995, 1.0]
    """
    return 1 - (1 - start) * 0.5 * (1 + math.cos(math.pi * progress))
