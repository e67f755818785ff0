"""The two losses: one softmax over the classes, or one sigmoid for each label."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What one pass over some pictures adds up.

    Attributes:
        loss: Sum of the losses, float64: shape (1,) for a softmax, (labels,) for sigmoids.
        residual: Probability less label, float64, shape (n, classes).
    """

    loss: torch.Tensor
    residual: torch.Tensor


class Softmax:
    """Cross-entropy of one class a picture.

    Args:
        labels: int64, shape (n,).
        classes: Number of classes.
    """

    joint = True

    def __init__(self, labels: torch.Tensor, classes: int) -> None:
        self._labels = labels
        self.frequencies = torch.bincount(labels, minlength=classes).double() / len(labels)

    def start(self) -> torch.Tensor:
        """The intercepts that are best at zero weights, float64, shape (classes,)."""
        logs = self.frequencies.log()
        return logs - logs.mean()

    def on(self, where: slice, logits: torch.Tensor) -> Pass:
        """Loss and residual of some pictures; overwrites the logits."""
        labels = self._labels[where, None]
        own = logits.gather(1, labels)
        largest = logits.amax(dim=1, keepdim=True)
        exponentials = logits.sub_(largest).exp_()
        normaliser = exponentials.sum(dim=1, keepdim=True)
        loss = (normaliser.log() - (own - largest)).sum()
        residual = exponentials.div_(normaliser)
        residual.scatter_add_(1, labels, torch.full_like(own, -1))
        return Pass(loss=loss.reshape(1), residual=residual)

    def curvature(self, where: slice, residual: torch.Tensor) -> torch.Tensor:
        """Sum over some pictures of the Hessian with respect to their logits: (classes, classes)."""
        probabilities = residual.clone()
        probabilities.scatter_add_(1, self._labels[where, None], torch.ones_like(residual[:, :1]))
        return probabilities.sum(0).diag() - probabilities.T @ probabilities


class Sigmoids:
    """Binary cross-entropy of each label, summed over the labels.

    Args:
        labels: bool, shape (n, labels).
    """

    joint = False

    def __init__(self, labels: torch.Tensor) -> None:
        # In memory label after label, as the objective computes the logits.
        self._labels = labels.T.contiguous().T
        self.frequencies = labels.sum(0).double() / len(labels)

    def start(self) -> torch.Tensor:
        """The intercepts that are best at zero weights, float64, shape (labels,)."""
        return self.frequencies.logit()

    def on(self, where: slice, logits: torch.Tensor) -> Pass:
        """Loss and residual of some pictures."""
        labels = self._labels[where]
        loss = torch.nn.functional.softplus(logits).sub_(logits * labels).sum(0)
        return Pass(loss=loss, residual=logits.sigmoid().sub_(labels.to(logits.dtype)))

    def curvature(self, where: slice, residual: torch.Tensor) -> torch.Tensor:
        """Sum over some pictures of the second derivative of their losses: (labels,)."""
        probabilities = residual + self._labels[where]
        return (probabilities * (1 - probabilities)).sum(0)

    def select(self, columns: torch.Tensor) -> "Sigmoids":
        """The losses of some of the labels."""
        return Sigmoids(self._labels[:, columns])
