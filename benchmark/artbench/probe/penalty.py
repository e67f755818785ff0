"""The path of penalties: fits a probe for each, from a warm start, and chooses one on validation."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from threading import Event
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.splits import grouped_folds, held_out
from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.plugins.known import form_of
from artbench.probe.features import LabelledFeatures, Scaling, Standardised, check_finite
from artbench.probe.objective import Objective, Sigmoids, Softmax
from artbench.probe.preconditioner import Eigenbasis, Preconditioner
from artbench.probe.solver import memory_needed, solve
from artbench.protocol import Probe
from artbench.runtime.machine import free_bytes, own_core_each
from artbench.runtime.threads import usable_cores
from artbench.specs import TargetKind

# Labels that one core solves together: enough that multiplying the features takes longer than reading them.
_LABELS = 64
HeadT = TypeVar("HeadT")


class PenaltyPath:
    """Fits of one probe on the same images for a sequence of penalties, each starting from the last.

    A softmax is one problem, and all cores share its passes over the images. The sigmoids of many labels are
    independent: each core solves a group of labels of similar frequency, which need about as many passes.
    """

    def __init__(
        self, parts: Sequence[LabelledFeatures], *, classes: int, target: TargetKind, tolerance: float, device: str
    ) -> None:
        self.target, self._classes, self._tolerance, self._device = target, classes, tolerance, device
        labels = np.concatenate([part.labels for part in parts])
        # Nothing can be learnt about classes without images, or labels that all images or none have.
        positives = np.bincount(labels, minlength=classes) if labels.ndim == 1 else labels.sum(axis=0)
        absent = positives == 0
        constant = absent if labels.ndim == 1 else absent | (positives == len(labels))
        self._certain = np.where(absent, -np.inf, np.inf)
        learnt = np.flatnonzero(~constant)
        apart = labels.ndim == 2 and device == "cpu"
        # The rarest and slowest first.
        order = learnt[np.argsort(positives[learnt], kind="stable")]
        starts = range(0, len(order), _LABELS)
        self._groups = [order[start : start + _LABELS] for start in starts] if apart else [learnt]
        rows = [part.rows for part in parts]
        _check_memory(rows[0].width, max((len(group) for group in self._groups), default=0), device)
        self._scaling = Scaling.of(rows, ids=[id_ for part in parts for id_ in part.ids])
        outputs = max((len(group) for group in self._groups), default=0)
        features = Standardised(rows, scaling=self._scaling, device=device, outputs=outputs)
        self._basis = Eigenbasis.of(features)
        self._cores = usable_cores() if device == "cpu" else 1
        self._stop = Event()
        count = max(1, len(self._groups))
        threads, beside = max(1, self._cores // count), min(self._cores, count)
        losses = [self._losses(labels, group) for group in self._groups]
        objectives = [Objective(features, loss, threads=threads, beside=beside, stop=self._stop) for loss in losses]
        self._strands = [WarmStart(objective, width=features.width) for objective in objectives]

    @property
    def converged(self) -> bool:
        """Whether every fit so far met the convergence test."""
        return all(strand.converged for strand in self._strands)

    @property
    def evaluations(self) -> int:
        """Passes over the features so far; the most of any group of labels."""
        return max((strand.evaluations for strand in self._strands), default=0)

    def at(self, l2: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return weight and bias, for features that are not z-scored, of the fit with a penalty."""
        # A single class is certain.
        if sum(map(len, self._groups)) > (form_of(self.target) == "class"):
            with own_core_each(self._device):
                self._move_on(l2)
        width = len(self._scaling.mean)
        weight, bias = np.zeros((width, self._classes)), self._certain.copy()
        for group, strand in zip(self._groups, self._strands, strict=True):
            point = strand.point.cpu().numpy()
            weight[:, group] = point[:-1] * self._scaling.inverse[:, None]
            bias[group] = point[-1] - self._scaling.mean @ weight[:, group]
        return weight, bias

    def _move_on(self, l2: float) -> None:
        def solve(strand: WarmStart) -> None:
            strand.solve(l2, self._basis, tolerance=self._tolerance)

        if len(self._strands) == 1:
            # In this thread, so that interrupts and the current GPU apply to the solver too.
            solve(self._strands[0])
            return
        self._stop.clear()
        with ThreadPoolExecutor(self._cores, thread_name_prefix="artbench-labels") as pool:
            solving = [pool.submit(solve, strand) for strand in self._strands]
            try:
                for done in as_completed(solving):
                    done.result()
            except BaseException:
                # On Ctrl-C, for example, the other labels could take another minute.
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _losses(self, labels: Labels, group: NDArray[np.int64]) -> Softmax | Sigmoids:
        if labels.ndim == 1:
            numbers = torch.from_numpy(np.searchsorted(group, labels)).to(self._device)
            return Softmax(numbers, len(group))
        return Sigmoids(torch.from_numpy(labels[:, group]).to(self._device))


def _check_memory(width: int, classes: int, device: str) -> None:
    needed, free = memory_needed((width + 1) * classes), free_bytes(device)
    if needed > free:
        raise ArtbenchError(
            f"fitting {width:,} features to {classes:,} classes takes {needed / 2**30:.1f} GB of memory, and "
            f"{free / 2**30:.1f} GB are free",
            mend="Free memory, or fit fewer features with --width",
        )


class WarmStart:
    """A sequence of solutions of a softmax over all classes, or of the sigmoids of some labels.

    Args:
        objective: Objective to minimise.
        width: Length of a feature vector.

    Attributes:
        point: The last solution, float64, shape (d + 1, classes); intercepts alone before the first.
        converged: Whether every fit so far met the convergence test.
        evaluations: Passes over the features so far.
    """

    def __init__(self, objective: Objective, *, width: int) -> None:
        self._objective = objective
        start = objective.losses.start()
        self.point = torch.zeros(width + 1, len(start), dtype=torch.float64, device=start.device)
        self.point[-1] = start
        self._last: deque[torch.Tensor] = deque(maxlen=3)
        self.converged, self.evaluations = True, 0

    def solve(self, l2: float, basis: Eigenbasis, *, tolerance: float) -> None:
        """Solve for another penalty."""
        start = self._ahead()
        preconditioner = Preconditioner(basis, self._objective.curvature(start), l2=l2, joint=self._objective.joint)
        solution = solve(self._objective, start, preconditioner, l2=l2, tolerance=tolerance)
        self._objective.forget()
        self.point = solution.point
        self._last.append(solution.point)
        self.converged &= solution.converged
        self.evaluations += solution.evaluations

    def _ahead(self) -> torch.Tensor:
        """Extrapolate along the parabola through the last three solutions."""
        if len(self._last) < 3:
            return self.point if len(self._last) < 2 else 2 * self._last[1] - self._last[0]
        return 3 * self._last[2] - 3 * self._last[1] + self._last[0]


@dataclass(frozen=True, kw_only=True)
class PenaltyChoice(Generic[HeadT]):
    """The penalty chosen.

    Attributes:
        grid_losses: Loss of each penalty of the grid; None if it was not tried.
        heads: The fit with this penalty in each fold; empty without images to choose on.
    """

    l2: float
    grid_losses: tuple[float | None, ...]
    heads: tuple[HeadT, ...]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Images to fit on while the penalty is chosen, and others to choose it on.

    Attributes:
        unfitted: Numbers of the classes or labels that held-out images have and none to fit on; always empty for years.
    """

    fit_on: LabelledFeatures
    choose_on: LabelledFeatures
    unfitted: frozenset[int] = frozenset()


def set_apart(train: LabelledFeatures, validation: LabelledFeatures | None, *, probe: Probe) -> tuple[Fold, ...]:
    """Return the folds on which the penalty is chosen; none if no image can be held out.

    With validation images there is one fold: train, and validation. Without, `held_out` picks a share of train; or, if
    train has groups, each of `probe.group_folds` folds of whole groups (`grouped_folds`) is held out once. A held-out
    image whose class no other fold has says nothing about a penalty, and is left out.

    Raises:
        ArtbenchError: There are no training images, or a feature to choose on is NaN or infinite.
    """
    if not len(train):
        raise ArtbenchError("there is no training image to fit the probe on", mend="Check the task's splits")
    if validation is not None:
        folds = [Fold(fit_on=train, choose_on=validation, unfitted=_unfitted(train.labels, validation.labels))]
    elif train.groups is not None and probe.group_folds is not None:
        folds = [_fold(train, held) for held in _held_groups(train, train.groups, folds=probe.group_folds)]
    else:
        folds = [_fold(train, held_out(train.labels, train.ids, fraction=probe.validation_fraction))]
    for fold in folds:
        check_finite([fold.choose_on.rows], ids=fold.choose_on.ids)
    return tuple(fold for fold in folds if len(fold.choose_on))


def _fold(train: LabelledFeatures, held: NDArray[np.int64]) -> Fold:
    rest = np.setdiff1d(np.arange(len(train)), held)
    unfitted = _unfitted(train.labels[rest], train.labels[held])
    if train.groups is not None and train.labels.dtype == np.int64:
        held = held[np.isin(train.labels[held], train.labels[rest])]
    return Fold(fit_on=train.select(rest), choose_on=train.select(held), unfitted=unfitted)


def _unfitted(fitted: Labels, held: Labels) -> frozenset[int]:
    if fitted.dtype == np.float64:
        return frozenset()
    if fitted.ndim == 1:
        return frozenset(np.setdiff1d(held, fitted).tolist())
    return frozenset(np.flatnonzero(held.any(axis=0) & ~fitted.any(axis=0)).tolist())


def _held_groups(train: LabelledFeatures, groups: Sequence[str], *, folds: int) -> Iterator[NDArray[np.int64]]:
    """Yield the images of each fold of whole groups; none if there is a single group."""
    folds = min(folds, len(set(groups)))
    if folds < 2:
        return
    fold_of = grouped_folds(train.labels, groups, folds=folds)
    yield from (held for held in (np.flatnonzero(fold_of == fold) for fold in range(folds)) if len(held))


def choose_penalty(
    probe: Probe,
    folds: Sequence[Fold],
    *,
    fits: Sequence[Callable[[float], HeadT]],
    loss: Callable[[HeadT, LabelledFeatures], float],
) -> PenaltyChoice[HeadT]:
    """Try penalties in descending order until `probe.patience` of them have not lowered the loss on held-out images.

    On a tie the larger penalty is chosen; without images to choose on, the middle of the grid.

    Args:
        probe: Settings of the protocol.
        folds: Images to fit and to choose on.
        fits: For each fold, the fit on its images for a penalty.
        loss: Mean loss of a fit on some images; of all folds, the mean over all of their images counts.
    """
    descending = sorted(probe.grid, reverse=True)
    if not folds:
        middle = descending[(len(descending) - 1) // 2]
        return PenaltyChoice(l2=middle, grid_losses=(None,) * len(probe.grid), heads=())
    total = sum(len(fold.choose_on) for fold in folds)
    losses: dict[float, float] = {}
    best, chosen = np.inf, descending[0]
    best_heads: tuple[HeadT, ...] = ()
    for l2 in descending:
        heads = tuple(fit(l2) for fit in fits)
        parts = ((len(f.choose_on) / total, loss(head, f.choose_on)) for f, head in zip(folds, heads, strict=True))
        losses[l2] = sum(share * part for share, part in parts)
        if losses[l2] < best:
            best, chosen, best_heads = losses[l2], l2, heads
        if sum(tried < chosen for tried in losses) >= probe.patience:
            break
    return PenaltyChoice(l2=chosen, grid_losses=tuple(losses.get(l2) for l2 in probe.grid), heads=best_heads)
