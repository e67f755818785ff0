"""The objective of the probe and its gradient, in one pass over the features."""

from dataclasses import dataclass

import torch

from artbench.probe.features import Standardised
from artbench.probe.losses import Sigmoids, Softmax


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The objective at one point.

    Attributes:
        value: float64, shape (1,) for a softmax, (labels,) for sigmoids, whose problems are independent.
        gradient: float64, shape (d + 1, classes).
    """

    value: torch.Tensor
    gradient: torch.Tensor

    def select(self, columns: torch.Tensor) -> "Evaluation":
        """Of some of the labels; for sigmoids."""
        return Evaluation(value=self.value[columns], gradient=self.gradient[:, columns])


class Objective:
    """Mean loss over the pictures plus l2 / 2 times the squared norm of the weights; the intercepts are free.

    A point is a float64 tensor of shape (d + 1, classes): the weights of the z-scored features, and in the
    last row the intercepts. For sigmoids the loss of a picture is the sum over its labels, so that each label
    is a problem of its own, the same as if it were alone.

    Args:
        features: z-scored, n of them.
        losses: For the same n pictures.

    Attributes:
        joint: Whether all classes are one problem.
    """

    def __init__(self, features: Standardised, losses: Softmax | Sigmoids) -> None:
        self._features, self.losses, self.joint = features, losses, losses.joint
        self.width = features.width

    def at(self, point: torch.Tensor, *, l2: float) -> Evaluation:
        """Value and gradient."""
        value, gradient, _ = self._pass(point, curvature=False)
        weights = point[:-1]
        norms = weights.square().sum(0)
        value += l2 / 2 * (norms.sum(dim=0, keepdim=True) if self.joint else norms)
        gradient[:-1] += l2 * weights
        return Evaluation(value=value, gradient=gradient)

    def curvature(self, point: torch.Tensor) -> torch.Tensor:
        """Mean Hessian of the loss by the logits, float64: (classes, classes), or (labels,) for sigmoids."""
        return self._pass(point, curvature=True)[2]

    def _pass(self, point: torch.Tensor, *, curvature: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        # Classes first: tall and narrow products are a third slower the other way round.
        weights, intercepts = point[:-1].T.contiguous(), point[-1][:, None]
        slopes, sums = torch.zeros_like(weights), torch.zeros_like(point[-1])
        value, bend = point.new_zeros(1), point.new_zeros(1)
        for where, block in self._features.blocks():
            done = self.losses.on(where, torch.addmm(intercepts, weights, block.T).T)
            value = value + done.loss
            if curvature:
                bend = bend + self.losses.curvature(where, done.residual)
            else:
                slopes.addmm_(done.residual.T, block)
                sums += done.residual.sum(0)
        n = self._features.n
        return value / n, torch.cat([slopes.T, sums[None]]) / n, bend / n

    def select(self, columns: torch.Tensor) -> "Objective":
        """The problems of some of the labels; for sigmoids."""
        assert isinstance(self.losses, Sigmoids)
        return Objective(self._features, self.losses.select(columns))
