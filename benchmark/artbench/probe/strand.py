"""The fits of one problem for one penalty after the other, each starting where the last ones lead."""

from collections import deque

import torch

from artbench.probe.objective import Objective
from artbench.probe.preconditioner import Eigenbasis, Preconditioner
from artbench.probe.solver import solve


class Strand:
    """A path of solutions: of a softmax over all classes, or of the sigmoids of some labels.

    Args:
        objective: What to minimise.
        width: Length of a feature vector.

    Attributes:
        point: The last solution, float64, shape (d + 1, classes); before the first one, intercepts alone.
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
        """Move on to the solution for another penalty."""
        start = self._ahead()
        preconditioner = Preconditioner(basis, self._objective.curvature(start), l2=l2)
        solution = solve(self._objective, start, preconditioner, l2=l2, tolerance=tolerance)
        self._objective.forget()
        self.point = solution.point
        self._last.append(solution.point)
        self.converged &= solution.converged
        self.evaluations += solution.evaluations

    def _ahead(self) -> torch.Tensor:
        """Where the path leads if it goes on as it went: along the parabola through the last three fits."""
        if len(self._last) < 3:
            return self.point if len(self._last) < 2 else 2 * self._last[1] - self._last[0]
        return 3 * self._last[2] - 3 * self._last[1] + self._last[0]
