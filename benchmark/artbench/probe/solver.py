"""L-BFGS with a good preconditioner, for one problem or for many independent ones side by side."""

from collections import deque
from dataclasses import dataclass

import torch

from artbench.probe.objective import Evaluation, Objective
from artbench.probe.preconditioner import Preconditioner

_MEMORY = 10
# The share of solved problems from which copying the others together pays.
_WORTH_LEAVING_OUT = 0.25
# Sufficient decrease (Armijo), and how often a step is halved before the problem is given up.
_DECREASE = 1e-4
_HALVINGS = 30
# Relative to the objective: what float64 leaves uncertain when two values are compared.
_ROUNDING = 1e-13


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Where the solver ended.

    Attributes:
        point: float64, shape (d + 1, classes): weights of the z-scored features, and in the last row intercepts.
        converged: Whether the gradient was small enough, for every problem.
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

    A problem is solved when the norm of its gradient is at most `tolerance` times `l2` times the norm of its
    weights. Because the penalty makes the objective strongly convex in the weights, they are then within that
    share of the exact ones. Sigmoids are independent problems, each with steps of its own; those that are
    solved are left alone, and once they are many, left out of the products.

    Args:
        objective: What to minimise.
        start: float64, shape (d + 1, classes).
        preconditioner: Approximate inverse of the Hessian near the start.
        l2: The penalty.
        tolerance: See above.
        most_evaluations: After so many passes it is given up, without having converged.
    """
    joint = objective.joint
    found, point = start.clone(), start
    # The problems still reckoned with, by their columns; all others are solved or given up.
    columns = torch.arange(start.shape[1], device=start.device)
    now = objective.at(point, l2=l2)
    conditioned = preconditioner(now.gradient)
    evaluations, converged = 1, True
    memory: deque[_Step] = deque(maxlen=_MEMORY)
    given_up = torch.zeros_like(now.value, dtype=torch.bool)
    while True:
        solved = _norm(now.gradient, joint) <= tolerance * l2 * _norm(point[:-1], joint) + _smallest(now)
        done = solved | given_up
        if bool(done.all()) or evaluations >= most_evaluations:
            found[:, columns] = point
            return Solution(point=found, converged=converged and bool(solved.all()), evaluations=evaluations)
        if not joint and done.double().mean() > _WORTH_LEAVING_OUT:
            found[:, columns] = point
            converged &= bool(solved[done].all())
            open_ = torch.nonzero(~done)[:, 0]
            columns, point, conditioned = columns[open_], point[:, open_], conditioned[:, open_]
            objective, preconditioner, now = objective.select(open_), preconditioner.select(open_), now.select(open_)
            memory = deque((step.select(open_) for step in memory), maxlen=_MEMORY)
            done, given_up = done[open_], given_up[open_]
        step = torch.where(done, 0, _direction(now.gradient, conditioned, memory, joint))
        slope = _dot(now.gradient, step, joint)
        length = torch.ones_like(slope)
        for _ in range(_HALVINGS):
            new = objective.at(point - length * step, l2=l2)
            evaluations += 1
            allowed = now.value - _DECREASE * length * slope + _ROUNDING * now.value.abs()
            too_far = ~(new.value <= allowed)
            if not bool(too_far.any()):
                break
            length = torch.where(too_far, length / 2, length)
        else:
            given_up |= too_far
            length = torch.where(too_far, 0, length)
            new = objective.at(point - length * step, l2=l2)
            evaluations += 1
        before, conditioned = conditioned, preconditioner(new.gradient)
        memory.append(_Step(-length * step, new.gradient - now.gradient, conditioned - before))
        point, now = point - length * step, new


@dataclass(frozen=True)
class _Step:
    """A step taken, the change of the gradient along it, and the same preconditioned."""

    move: torch.Tensor
    bend: torch.Tensor
    conditioned: torch.Tensor

    def select(self, columns: torch.Tensor) -> "_Step":
        return _Step(self.move[:, columns], self.bend[:, columns], self.conditioned[:, columns])


def _direction(gradient: torch.Tensor, conditioned: torch.Tensor, memory: deque[_Step], joint: bool) -> torch.Tensor:
    """The two loops of L-BFGS, around the preconditioner scaled to the last step.

    The preconditioner is linear, so that the gradient and what is taken off it are preconditioned each by itself,
    once, when they come up.
    """
    left, result = gradient.clone(), conditioned.clone()
    shares = []
    for step in reversed(memory):
        share = _ratio(_dot(step.move, left, joint), _dot(step.move, step.bend, joint))
        shares.append(share)
        left -= share * step.bend
        result -= share * step.conditioned
    if memory:
        last = memory[-1]
        scale = _ratio(_dot(last.move, last.bend, joint), _dot(last.bend, last.conditioned, joint))
        result *= torch.where(scale > 0, scale, 1)
    for step, share in zip(memory, reversed(shares), strict=True):
        back = _ratio(_dot(step.bend, result, joint), _dot(step.move, step.bend, joint))
        result += step.move * (share - back)
    return result


def _dot(one: torch.Tensor, other: torch.Tensor, joint: bool) -> torch.Tensor:
    products = (one * other).sum(0)
    return products.sum(dim=0, keepdim=True) if joint else products


def _norm(values: torch.Tensor, joint: bool) -> torch.Tensor:
    return _dot(values, values, joint).sqrt()


def _ratio(above: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
    """The quotient; 0 where a problem stood still, or bends the wrong way by rounding."""
    return torch.where(below > 0, above / torch.where(below > 0, below, 1), 0)


def _smallest(now: Evaluation) -> torch.Tensor:
    """What counts as no gradient at all, where the weights are zero: rounding of the mean loss."""
    return 1e-12 * (1 + now.value.abs())
