"""Fits of one probe for one penalty after the other."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.features.forward import own_core_each
from artbench.probe.features import LabelledFeatures, Scaling, Standardised
from artbench.probe.losses import Sigmoids, Softmax
from artbench.probe.objective import Objective
from artbench.probe.preconditioner import Eigenbasis
from artbench.probe.strand import Strand
from artbench.runtime.cores import usable_cores
from artbench.specs import TargetKind

# Labels that one core solves together: enough that reading the features costs less than multiplying them.
_LABELS = 64


class PenaltyPath:
    """Fits of one probe on the same pictures for one penalty after the other, each starting from the last.

    A softmax is one problem, whose passes over the pictures all cores share. The sigmoids of many labels are
    independent: each core solves some labels by itself, the commonest with the commonest, since labels that are
    equally common need about as many passes.
    """

    def __init__(
        self, parts: Sequence[LabelledFeatures], *, classes: int, target: TargetKind, tolerance: float, device: str
    ) -> None:
        self.target, self._classes, self._tolerance, self._device = target, classes, tolerance, device
        labels = np.concatenate([part.labels for part in parts])
        # Classes that no picture here has, labels that all have or none: nothing about them can be learnt.
        positives = np.bincount(labels, minlength=classes) if labels.ndim == 1 else labels.sum(axis=0)
        absent = positives == 0
        constant = absent if labels.ndim == 1 else absent | (positives == len(labels))
        self._certain = np.where(absent, -np.inf, np.inf)
        learnt = np.flatnonzero(~constant)
        apart = labels.ndim == 2 and device == "cpu"
        self._groups = _groups(learnt, positives) if apart else [learnt]
        rows = [part.rows for part in parts]
        self._scaling = Scaling.of(rows, ids=[id_ for part in parts for id_ in part.ids])
        outputs = max((len(group) for group in self._groups), default=0)
        features = Standardised(rows, scaling=self._scaling, device=device, outputs=outputs)
        self._basis = Eigenbasis.of(features)
        self._cores = usable_cores() if device == "cpu" else 1
        self._stop = Event()
        several = max(1, len(self._groups))
        self._strands = [
            Strand(
                Objective(
                    features,
                    self._losses(labels, group),
                    threads=max(1, self._cores // several),
                    beside=min(self._cores, several),
                    stop=self._stop,
                ),
                width=features.width,
            )
            for group in self._groups
        ]

    @property
    def converged(self) -> bool:
        """Whether every fit so far met the convergence test."""
        return all(strand.converged for strand in self._strands)

    @property
    def evaluations(self) -> int:
        """Passes over the features so far; where labels are solved apart, of those that needed most."""
        return max((strand.evaluations for strand in self._strands), default=0)

    def at(self, l2: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weight and bias, for features as they are, of the fit with this penalty."""
        # One class alone is certain.
        if sum(map(len, self._groups)) > (self.target == "single-label"):
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
        def solve(strand: Strand) -> None:
            strand.solve(l2, self._basis, tolerance=self._tolerance)

        if len(self._strands) == 1:
            # In this thread: what interrupts it, or which GPU is its own, holds for the solver too.
            solve(self._strands[0])
            return
        self._stop.clear()
        with ThreadPoolExecutor(self._cores, thread_name_prefix="artbench-labels") as pool:
            solving = [pool.submit(solve, strand) for strand in self._strands]
            try:
                for done in as_completed(solving):
                    done.result()
            except BaseException:
                # Ctrl-C, say. Nobody wants the other labels any more, which can take a minute.
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _losses(self, labels: Labels, group: NDArray[np.int64]) -> Softmax | Sigmoids:
        if labels.ndim == 1:
            numbers = torch.from_numpy(np.searchsorted(group, labels)).to(self._device)
            return Softmax(numbers, len(group))
        return Sigmoids(torch.from_numpy(labels[:, group]).to(self._device))


def _groups(learnt: NDArray[np.int64], positives: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The labels to be solved together, the rarest first: they take longest, and no core is to end with them."""
    order = learnt[np.argsort(positives[learnt], kind="stable")]
    return [order[start : start + _LABELS] for start in range(0, len(order), _LABELS)]
