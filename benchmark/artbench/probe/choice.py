"""Which penalty: the one of least loss on pictures that are not fitted on, whatever is fitted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from artbench.data.splits import held_out
from artbench.errors import ArtbenchError
from artbench.probe.features import LabelledFeatures, check_finite
from artbench.protocol import Probe

HeadT = TypeVar("HeadT")


@dataclass(frozen=True, kw_only=True)
class Choice(Generic[HeadT]):
    """The penalty chosen, and what led to it.

    Attributes:
        l2: The penalty.
        grid_losses: The loss of each penalty of the grid; None where it was not tried.
        head: What was fitted with the one chosen; None where there was nothing to choose on.
    """

    l2: float
    grid_losses: tuple[float | None, ...]
    head: HeadT | None


def set_apart(
    train: LabelledFeatures, validation: LabelledFeatures | None, *, probe: Probe
) -> tuple[LabelledFeatures, LabelledFeatures]:
    """What to fit on while the penalty is chosen, and what to choose it on, which may be nothing.

    Args:
        train: All there is to fit on.
        validation: What to choose on; None: the share of train that `held_out` picks.
        probe: The protocol's choices.

    Raises:
        ArtbenchError: There is nothing to fit on, or a feature of what is chosen on is NaN or infinite.
    """
    if not len(train):
        raise ArtbenchError("there is no training picture to fit the probe on", mend="Check the task's splits")
    if validation is None:
        held = held_out(train.labels, train.ids, fraction=probe.validation_fraction)
        train, validation = train.select(np.setdiff1d(np.arange(len(train)), held)), train.select(held)
    check_finite([validation.rows], ids=validation.ids)
    return train, validation


def choose(
    probe: Probe, choose_on: LabelledFeatures, *, fit: Callable[[float], HeadT], loss: Callable[[HeadT], float]
) -> Choice[HeadT]:
    """Try the penalties from the largest down; after `probe.patience` without a smaller loss the rest is left out.

    Of equal losses the larger penalty is chosen; with nothing to choose on, the middle of the grid.

    Args:
        probe: The protocol's choices.
        choose_on: What the loss is measured on.
        fit: From a penalty to what is fitted with it; called with ever smaller ones.
        loss: Of what was fitted, on `choose_on`.
    """
    descending = sorted(probe.grid, reverse=True)
    if not len(choose_on):
        return Choice(l2=descending[(len(descending) - 1) // 2], grid_losses=(None,) * len(probe.grid), head=None)
    losses: dict[float, float] = {}
    best, chosen, kept = np.inf, descending[0], None
    for l2 in descending:
        head = fit(l2)
        losses[l2] = loss(head)
        if losses[l2] < best:
            best, chosen, kept = losses[l2], l2, head
        if sum(tried < chosen for tried in losses) >= probe.patience:
            break
    return Choice(l2=chosen, grid_losses=tuple(losses.get(l2) for l2 in probe.grid), head=kept)
