"""Preconditioned L-BFGS for one problem, or for many independent ones side by side."""

from collections import deque
from dataclasses import dataclass

import torch

from artbench.probe.objective import Evaluation, Objective
from artbench.probe.preconditioner import Preconditioner
from artbench.runtime.machine import free_bytes

_MEMORY, _FEWEST = 10, 2
# Arrays of the size of the weights that a step of the memory takes, and that everything else takes at once.
_PER_STEP, _BESIDE_STEPS = 3, 18
# Share of solved problems from which it pays to copy the others together.
_WORTH_LEAVING_OUT = 0.25
# Sufficient decrease (Armijo), and how often a step is halved before a problem is given up.
_DECREASE = 1e-4
_HALVINGS = 30
_HALVINGS_UNSURE = 3
# Decrease of the gradient, and number of passes, after which the anchor is moved to the current point.
_NEARER = 0.001
_FAR = 40
# Uncertainty of float64 when two values are compared, relative to the objective.
_ROUNDING = 1e-13


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Result of the solver.

    Attributes:
        point: float64, shape (d + 1, classes): weights of the z-scored features, and in the last row intercepts.
        converged: Whether the gradient became small enough for every problem.
        evaluations: Passes over the features.
    """

    point: torch.Tensor
    converged: bool
    evaluations: int


def solve(
    objective: Objective,
    start: torch.Tensor,
    preconditioner: Preconditioner,
    *,
    l2: float,
    tolerance: float,
    most_evaluations: int = 1000,
) -> Solution:
    """Minimise the objective by L-BFGS (Nocedal 1980) from a warm start.

    A problem is solved if the norm of its gradient is at most `tolerance` times `l2` times the norm of its weights.
    Because the penalty makes the objective strongly convex in the weights, their relative error is then at most
    `tolerance`. Sigmoids are independent problems with steps of their own; solved ones no longer move, and are left out
    of the products once they are many.

    Args:
        objective: Objective to minimise.
        start: Starting point, float64, shape (d + 1, classes).
        preconditioner: Approximate inverse of the Hessian near the start.
        l2: The penalty.
        tolerance: Relative tolerance of the weights.
        most_evaluations: Number of passes after which the solver gives up.
    """
    joint = objective.joint
    # Of one joint problem all columns end together.
    found, point = start if joint else start.clone(), start
    # Columns of the problems that are still computed; all others are solved or given up.
    columns = torch.arange(start.shape[1], device=start.device)
    now = objective.anchor(point, l2=l2)
    conditioned = preconditioner(now.gradient)
    evaluations, anchored, converged = 1, 1, True
    memory: deque[_Step] = deque(maxlen=_steps(start, beside=objective.beside))
    given_up = stuck = torch.zeros_like(now.value, dtype=torch.bool)
    at_anchor = _norm(now.gradient, joint)
    while True:
        size = _norm(now.gradient, joint)
        solved = size <= tolerance * l2 * _norm(point[:-1], joint) + _smallest(now)
        done = solved | given_up
        over = bool(done.all()) or evaluations >= most_evaluations
        leaving = not joint and bool(done.double().mean() > _WORTH_LEAVING_OUT)
        far = evaluations - anchored >= _FAR or bool(size.max() <= _NEARER * at_anchor.max())
        # Convergence must be confirmed in float64; and if no step helps, rounding may be the reason.
        if not now.exact and (over or leaving or far or bool(stuck.any())):
            now = objective.anchor(point, l2=l2)
            conditioned, at_anchor = preconditioner(now.gradient), _norm(now.gradient, joint)
            evaluations += 1
            anchored, stuck = evaluations, torch.zeros_like(stuck)
            continue
        if over:
            if not joint:
                found[:, columns] = point
            return Solution(
                point=point if joint else found, converged=converged and bool(solved.all()), evaluations=evaluations
            )
        if leaving:
            found[:, columns] = point
            converged &= bool(solved[done].all())
            open_ = torch.nonzero(~done)[:, 0]
            columns, point, conditioned = columns[open_], point[:, open_], conditioned[:, open_]
            objective, preconditioner, now = objective.select(open_), preconditioner.select(open_), now.select(open_)
            memory = deque((step.select(open_) for step in memory), maxlen=memory.maxlen)
            done, given_up, stuck, at_anchor = done[open_], given_up[open_], stuck[open_], at_anchor[open_]
        step = _direction(now.gradient, conditioned, memory, joint).masked_fill_(done, 0)
        slope = _dot(now.gradient, step, joint)
        length, new, stuck, passes = _search(objective, point, step, now, slope, l2=l2)
        evaluations += passes
        if now.exact:
            given_up = given_up | stuck
        before, conditioned = conditioned, preconditioner(new.gradient)
        move = step.mul_(-length)
        memory.append(_Step.of(move, new.gradient - now.gradient, conditioned - before, joint))
        point, now = point + move, new


def memory_needed(numbers: int) -> int:
    """Return the bytes that the solver takes at least for a point of so many numbers."""
    return 8 * numbers * (_BESIDE_STEPS + _PER_STEP * _FEWEST)


def _steps(start: torch.Tensor, *, beside: int) -> int:
    """Return how many steps are remembered: as many as half of the free memory holds beside everything else."""
    room = free_bytes(start.device.type) / (2 * beside) / (8 * start.numel()) - _BESIDE_STEPS
    return int(min(_MEMORY, max(_FEWEST, room // _PER_STEP)))


def _search(
    objective: Objective, point: torch.Tensor, step: torch.Tensor, now: Evaluation, slope: torch.Tensor, *, l2: float
) -> tuple[torch.Tensor, Evaluation, torch.Tensor, int]:
    """Halve the step of each problem until it decreases its objective enough.

    Returns:
        Step length, evaluation there, the problems for which no step was better, and the number of passes.
    """
    length = torch.ones_like(slope)
    halvings = _HALVINGS if now.exact else _HALVINGS_UNSURE
    for evaluations in range(1, halvings + 1):
        end = objective.at(point - length * step, l2=l2)
        allowed = now.value - _DECREASE * length * slope + _ROUNDING * now.value.abs()
        stuck = ~(end.value <= allowed)
        if not bool(stuck.any()):
            return length, end, stuck, evaluations
        length = torch.where(stuck, length / 2, length)
    length = torch.where(stuck, 0, length)
    return length, objective.at(point - length * step, l2=l2), stuck, halvings + 1


@dataclass(frozen=True)
class _Step:
    """A step taken, the change of the gradient along it, the same preconditioned, and the curvature along the step."""

    move: torch.Tensor
    bend: torch.Tensor
    conditioned: torch.Tensor
    curvature: torch.Tensor

    @classmethod
    def of(cls, move: torch.Tensor, bend: torch.Tensor, conditioned: torch.Tensor, joint: bool) -> "_Step":
        return cls(move, bend, conditioned, _dot(move, bend, joint))

    def select(self, columns: torch.Tensor) -> "_Step":
        parts = (self.move, self.bend, self.conditioned)
        return _Step(*(part[:, columns] for part in parts), curvature=self.curvature[columns])


def _direction(gradient: torch.Tensor, conditioned: torch.Tensor, memory: deque[_Step], joint: bool) -> torch.Tensor:
    """Run the two loops of L-BFGS, around the preconditioner scaled to the last step.

    The preconditioner is linear, so the gradient and its changes are preconditioned separately, once each.
    """
    left, result = gradient.clone(), conditioned.clone()
    shares = []
    for step in reversed(memory):
        share = _ratio(_dot(step.move, left, joint), step.curvature)
        shares.append(share)
        left -= share * step.bend
        result -= share * step.conditioned
    if memory:
        last = memory[-1]
        scale = _ratio(last.curvature, _dot(last.bend, last.conditioned, joint))
        result *= torch.where(scale > 0, scale, 1)
    for step, share in zip(memory, reversed(shares), strict=True):
        back = _ratio(_dot(step.bend, result, joint), step.curvature)
        result += step.move * (share - back)
    return result


def _dot(one: torch.Tensor, other: torch.Tensor, joint: bool) -> torch.Tensor:
    products = (one * other).sum(0)
    return products.sum(dim=0, keepdim=True) if joint else products


def _norm(values: torch.Tensor, joint: bool) -> torch.Tensor:
    return _dot(values, values, joint).sqrt()


def _ratio(above: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
    """Return the quotient; 0 if the divisor is not positive, for a step of 0 or by rounding."""
    positive = below > 0
    return torch.where(positive, above / torch.where(positive, below, 1), 0)


def _smallest(now: Evaluation) -> torch.Tensor:
    """Return the gradient norm that counts as zero if the weights are zero: rounding of the mean loss."""
    return 1e-12 * (1 + now.value.abs())
