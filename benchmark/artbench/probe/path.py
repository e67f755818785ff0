"""Fits of one probe for one penalty after the other."""

from collections import deque
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.features.forward import own_core_each
from artbench.probe.features import LabelledFeatures, Rows, Scaling, Standardised
from artbench.probe.losses import Sigmoids, Softmax
from artbench.probe.objective import Objective
from artbench.probe.preconditioner import Eigenbasis, Preconditioner
from artbench.probe.solver import solve
from artbench.specs import TargetKind


class PenaltyPath:
    """Fits of one probe on the same pictures for one penalty after the other, each starting from the last."""

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
        self._learnt = np.flatnonzero(~constant)
        rows = [Rows(part.features) for part in parts]
        self._scaling = Scaling.of(rows, ids=[id_ for part in parts for id_ in part.ids])
        features = Standardised(rows, scaling=self._scaling, device=device, outputs=len(self._learnt))
        self._basis = Eigenbasis.of(features)
        self._objective = Objective(features, self._losses(labels))
        self._point = self._start(features.width)
        self._last: deque[torch.Tensor] = deque(maxlen=3)
        self.converged, self.evaluations = True, 0

    def at(self, l2: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weight and bias, for features as they are, of the fit with this penalty."""
        if len(self._learnt) > (self.target == "single-label"):
            start = self._ahead()
            with own_core_each(self._device):
                preconditioner = Preconditioner(self._basis, self._objective.curvature(start), l2=l2)
                solution = solve(self._objective, start, preconditioner, l2=l2, tolerance=self._tolerance)
            self._point = solution.point
            self._last.append(solution.point)
            self.converged &= solution.converged
            self.evaluations += solution.evaluations
        point = self._point.cpu().numpy()
        weight, bias = np.zeros((len(point) - 1, self._classes)), self._certain.copy()
        weight[:, self._learnt] = point[:-1] * self._scaling.inverse[:, None]
        bias[self._learnt] = point[-1] - self._scaling.mean @ weight[:, self._learnt]
        return weight, bias

    def _ahead(self) -> torch.Tensor:
        """Where the path leads if it goes on as it went: along the parabola through the last three fits."""
        if len(self._last) < 3:
            return self._point if len(self._last) < 2 else 2 * self._last[1] - self._last[0]
        return 3 * self._last[2] - 3 * self._last[1] + self._last[0]

    def _losses(self, labels: Labels) -> Softmax | Sigmoids:
        if labels.ndim == 1:
            numbers = torch.from_numpy(np.searchsorted(self._learnt, labels)).to(self._device)
            return Softmax(numbers, len(self._learnt))
        return Sigmoids(torch.from_numpy(labels[:, self._learnt]).to(self._device))

    def _start(self, width: int) -> torch.Tensor:
        point = torch.zeros(width + 1, len(self._learnt), dtype=torch.float64, device=self._device)
        point[-1] = self._objective.losses.start()
        return point
