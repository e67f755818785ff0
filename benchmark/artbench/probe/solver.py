"""L-BFGS with a good preconditioner, for one problem or for many independent ones side by side."""

from collections import deque
from dataclasses import dataclass

import torch

from artbench.probe.objective import Evaluation, Objective
from artbench.probe.preconditioner import Preconditioner

_MEMORY = 10
_MOST_EVALUATIONS = 1000
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
    objective: Objective, start: torch.Tensor, preconditioner: Preconditioner, *, l2: float, tolerance: float
) -> Solution:
    """Minimise the objective by L-BFGS (Nocedal 1980) from a warm start.

    A problem is solved when the norm of its gradient is at most `tolerance` times `l2` times the norm of its
    weights. Because the penalty makes the objective strongly convex in the weights, they are then within that
    share of the exact ones. Sigmoids are independent problems, each with steps of its own; those that are
    solved are left alone.

    Args:
        objective: What to minimise.
        start: float64, shape (d + 1, classes).
        preconditioner: Approximate inverse of the Hessian near the start.
        l2: The penalty.
        tolerance: See above.
    """
    joint = objective.losses.joint
    point = start.clone()
    now = objective.at(point, l2=l2)
    evaluations = 1
    memory: deque[tuple[torch.Tensor, torch.Tensor]] = deque(maxlen=_MEMORY)
    given_up = torch.zeros_like(now.value, dtype=torch.bool)
    while True:
        solved = _norm(now.gradient, joint) <= tolerance * l2 * _norm(point[:-1], joint) + _smallest(now)
        if bool((solved | given_up).all()) or evaluations >= _MOST_EVALUATIONS:
            return Solution(point=point, converged=bool(solved.all()), evaluations=evaluations)
        step = _direction(now.gradient, memory, preconditioner, joint)
        step = torch.where(solved | given_up, 0, step)
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
        memory.append((-length * step, new.gradient - now.gradient))
        point, now = point - length * step, new


def _direction(
    gradient: torch.Tensor,
    memory: deque[tuple[torch.Tensor, torch.Tensor]],
    preconditioner: Preconditioner,
    joint: bool,
) -> torch.Tensor:
    """The two loops of L-BFGS, around the preconditioner scaled to the last step."""
    left = gradient.clone()
    shares = []
    for move, bend in reversed(memory):
        share = _ratio(_dot(move, left, joint), _dot(move, bend, joint))
        shares.append(share)
        left -= share * bend
    step = preconditioner(left)
    if memory:
        move, bend = memory[-1]
        scale = _ratio(_dot(move, bend, joint), _dot(bend, preconditioner(bend), joint))
        step *= torch.where(scale > 0, scale, 1)
    for (move, bend), share in zip(memory, reversed(shares), strict=True):
        step += move * (share - _ratio(_dot(bend, step, joint), _dot(move, bend, joint)))
    return step


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
