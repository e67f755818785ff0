"""The objective of the probe and its gradient, each in one pass over the features."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from threading import Event
from typing import TypeAlias, TypeVar

import torch

from artbench.probe.features import Standardised
from artbench.runtime.machine import free_bytes
from artbench.runtime.threads import in_pool

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
# Classes whose curvature is kept and decomposed as a whole. Both take time with the square or cube of their number: at
# 10,000 a quarter of an hour a penalty and 3 GB, where the diagonal takes a few passes more.
_MOST_ROTATED = 1 << 12
# Features that are multiplied in less time than it takes to hand them to another thread.
_FEW = 1 << 18
# Positions of some images and their z-scored features.
_Block: TypeAlias = tuple[slice, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The objective at one point.

    Attributes:
        value: float64, shape (1,) for a softmax, (labels,) for sigmoids, whose problems are independent.
        gradient: float64, shape (d + 1, classes).
        exact: Whether all products were computed in float64.
    """

    value: torch.Tensor
    gradient: torch.Tensor
    exact: bool

    def select(self, columns: torch.Tensor) -> "Evaluation":
        """Return the evaluation for some labels of sigmoids."""
        return Evaluation(value=self.value[columns], gradient=self.gradient[:, columns], exact=self.exact)


@dataclass(frozen=True, kw_only=True)
class _Anchor:
    """A point with its evaluation in float64: logits and residuals of each block, shape (rows, classes).

    `value` is the sum of losses, `slopes` are features times residuals, shape (classes, d), `sums` the sums of
    residuals, shape (classes,). Where memory is short, logits are float32 and there are no residuals: both loss and
    residuals are computed again from these logits, so that the rounding drops out of their changes.
    """

    point: torch.Tensor
    logits: list[torch.Tensor]
    residuals: list[torch.Tensor] | None
    value: torch.Tensor
    slopes: torch.Tensor
    sums: torch.Tensor

    def select(self, columns: torch.Tensor) -> "_Anchor":
        return _Anchor(
            point=self.point[:, columns],
            logits=[logits[:, columns] for logits in self.logits],
            residuals=None if self.residuals is None else [residuals[:, columns] for residuals in self.residuals],
            value=self.value[columns],
            slopes=self.slopes[columns],
            sums=self.sums[columns],
        )


class StoppedError(Exception):
    """The evaluation was stopped from outside."""


class Softmax:
    """Cross-entropy of one class per image.

    Args:
        labels: int64, shape (n,).
        classes: Number of classes.
    """

    joint = True

    def __init__(self, labels: torch.Tensor, classes: int) -> None:
        self._labels = labels
        self.frequencies = torch.bincount(labels, minlength=classes).double() / len(labels)

    def start(self) -> torch.Tensor:
        """Return the best intercepts at zero weights, float64, shape (classes,)."""
        logs = self.frequencies.log()
        return logs - logs.mean()

    def on(self, where: slice, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss summed over images, shape (1,), and probability minus label; overwrites the logits."""
        labels = self._labels[where, None]
        own = logits.gather(1, labels)
        largest = logits.amax(dim=1, keepdim=True)
        exponentials = logits.sub_(largest).exp_()
        normaliser = exponentials.sum(dim=1, keepdim=True)
        loss = (normaliser.log() - (own - largest)).sum()
        residual = exponentials.div_(normaliser)
        residual.scatter_add_(1, labels, torch.full_like(own, -1))
        return loss.reshape(1), residual

    def curvature(self, where: slice, residual: torch.Tensor) -> torch.Tensor:
        """Return the sum over images of the Hessian with respect to their logits, shape (classes, classes).

        Of very many classes its diagonal alone, shape (classes,).
        """
        probabilities = residual.clone()
        probabilities.scatter_add_(1, self._labels[where, None], torch.ones_like(residual[:, :1]))
        if probabilities.shape[1] > _MOST_ROTATED:
            return (probabilities * (1 - probabilities)).sum(0)
        return probabilities.sum(0).diag() - probabilities.T @ probabilities


class Sigmoids:
    """Binary cross-entropy of each label, summed over the labels.

    Args:
        labels: bool, shape (n, labels).
    """

    joint = False

    def __init__(self, labels: torch.Tensor) -> None:
        # Label-major in memory, like the logits that the objective computes.
        self._labels = labels.T.contiguous().T
        self.frequencies = labels.sum(0).double() / len(labels)

    def start(self) -> torch.Tensor:
        """Return the best intercepts at zero weights, float64, shape (labels,)."""
        return self.frequencies.logit()

    def on(self, where: slice, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the loss summed over images, shape (labels,), and probability minus label."""
        labels = self._labels[where]
        loss = torch.nn.functional.softplus(logits).sub_(logits * labels).sum(0)
        return loss, logits.sigmoid().sub_(labels.to(logits.dtype))

    def curvature(self, where: slice, residual: torch.Tensor) -> torch.Tensor:
        """Return the sum over images of the second derivative of their losses, shape (labels,)."""
        probabilities = residual + self._labels[where]
        return (probabilities * (1 - probabilities)).sum(0)

    def select(self, columns: torch.Tensor) -> "Sigmoids":
        """Return the losses of some labels."""
        return Sigmoids(self._labels[:, columns])


class Objective:
    """Mean loss over images plus l2 / 2 times the squared norm of the weights, without the intercepts.

    A point is a float64 tensor of shape (d + 1, classes): the weights of z-scored features, and in the last row the
    intercepts. For sigmoids the loss is summed over labels, so that each label is an independent problem.

    Products in float32 take half the time of those in float64, but near the minimum the gradient drowns in their
    rounding. So only changes are computed in float32: logits are those at an anchor, in float64, plus features times
    the distance from there; the gradient likewise. The rounding is then relative to that distance, which shrinks near
    the minimum (iterative refinement, Wilkinson 1963, for a function that is not linear).

    Args:
        features: z-scored features of n images.
        losses: Losses of the same n images.
        threads: Number of blocks of images in work at once. The sums do not depend on it.
        beside: Number of objectives that are evaluated at once and share the memory.
        stop: Event after which the next pass raises `StoppedError`.

    Attributes:
        joint: Whether all classes are one problem.
        beside: As given.
    """

    def __init__(
        self,
        features: Standardised,
        losses: Softmax | Sigmoids,
        *,
        threads: int,
        beside: int = 1,
        stop: Event | None = None,
    ) -> None:
        self._features, self.losses, self.joint = features, losses, losses.joint
        self.beside, self._stop, self._threads = beside, stop, threads
        self._anchor: _Anchor | None = None
        several = threads > 1 and features.n * features.width > _FEW
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="artbench-probe") if several else None

    def anchor(self, point: torch.Tensor, *, l2: float) -> Evaluation:
        """Evaluate a point in float64; points near it can then be evaluated faster."""
        # Free the memory of the previous anchor.
        self._anchor = None
        weights, intercepts = _split(point)
        cells, free = self._features.n * len(weights), free_bytes(self._features.device) / self.beside
        whole = 16 * cells < free / 4
        keep = whole or 4 * cells < free / 2
        slopes, sums, value = torch.zeros_like(weights), torch.zeros_like(point[-1]), point.new_zeros(1)
        logits: list[torch.Tensor] = []
        residuals: list[torch.Tensor] = []

        def work(item: _Block) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor, torch.Tensor]:
            where, block = item
            exact = block.double()
            at = torch.addmm(intercepts, weights, exact.T).T
            saved = (at.clone() if whole else at.float()) if keep else None
            loss, residual = self.losses.on(where, at)
            return saved, loss, residual, residual.T @ exact

        with self._results(work, self._features.blocks()) as results:
            for saved, loss, residual, slope in results:
                value = value + loss
                slopes += slope
                sums += residual.sum(0)
                if saved is not None:
                    logits.append(saved)
                    if whole:
                        residuals.append(residual)
        if keep:
            kept = residuals if whole else None
            self._anchor = _Anchor(point=point, logits=logits, residuals=kept, value=value, slopes=slopes, sums=sums)
        return self._penalised(point, value, slopes, sums, l2=l2, exact=True)

    def at(self, point: torch.Tensor, *, l2: float) -> Evaluation:
        """Evaluate a point from the anchor; in float64 if there is no anchor for lack of memory."""
        anchor = self._anchor
        if anchor is None:
            return self.anchor(point, l2=l2)
        weights, intercepts = (way.float() for way in _split(point - anchor.point))
        slopes, sums = anchor.slopes.clone(), anchor.sums.clone()
        value = point.new_zeros(1) if anchor.residuals is not None else anchor.value

        def work(item: tuple[int, _Block]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
            number, (where, block) = item
            there = anchor.logits[number].double()
            loss, residual = self.losses.on(where, torch.addmm(intercepts, weights, block.T).T + there)
            if anchor.residuals is not None:
                before = anchor.residuals[number]
            else:
                less, before = self.losses.on(where, there)
                loss = loss - less
            change = residual.sub_(before)
            return loss, change.T.float() @ block, change.sum(0)

        with self._results(work, enumerate(self._features.blocks())) as results:
            for loss, slope, total in results:
                value = value + loss
                slopes += slope
                sums += total
        return self._penalised(point, value, slopes, sums, l2=l2, exact=False)

    def curvature(self, point: torch.Tensor) -> torch.Tensor:
        """Return the mean Hessian of the loss by logits, float64, (classes, classes); or its diagonal, (classes,)."""
        weights, intercepts = (part.float() for part in _split(point))
        bend = point.new_zeros(1)

        def work(item: _Block) -> torch.Tensor:
            where, block = item
            logits = torch.addmm(intercepts, weights, block.T).T.double()
            return self.losses.curvature(where, self.losses.on(where, logits)[1])

        with self._results(work, self._features.blocks()) as results:
            for some in results:
                bend = bend + some
        return bend / self._features.n

    def select(self, columns: torch.Tensor) -> "Objective":
        """Return the objective for some labels of sigmoids."""
        assert isinstance(self.losses, Sigmoids)
        some = Objective(self._features, self.losses.select(columns), threads=1, beside=self.beside, stop=self._stop)
        some._threads, some._pool = self._threads, self._pool
        some._anchor = None if self._anchor is None else self._anchor.select(columns)
        return some

    def forget(self) -> None:
        """Free the memory of the anchor."""
        self._anchor = None

    def _results(
        self, work: Callable[[ItemT], ResultT], items: Iterable[ItemT]
    ) -> closing[Generator[ResultT, None, None]]:
        """Return results in the order of the items, so that sums don't depend on the number of threads."""
        if self._stop is not None and self._stop.is_set():
            raise StoppedError
        if self._pool is None:
            return closing(work(item) for item in items)
        return closing(in_pool(self._pool, work, items, ahead=2 * self._threads))

    def _penalised(
        self, point: torch.Tensor, value: torch.Tensor, slopes: torch.Tensor, sums: torch.Tensor, *, l2: float,
        exact: bool,
    ) -> Evaluation:  # fmt: skip
        weights, n = point[:-1], self._features.n
        norms = weights.square().sum(0)
        gradient = torch.cat([slopes.T, sums[None]]) / n
        gradient[:-1] += l2 * weights
        penalty = l2 / 2 * (norms.sum(dim=0, keepdim=True) if self.joint else norms)
        return Evaluation(value=value / n + penalty, gradient=gradient, exact=exact)


def _split(point: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Split a point into weights and intercepts, classes first, which is a third faster."""
    return point[:-1].T.contiguous(), point[-1][:, None]
