"""An approximate inverse of the probe's Hessian: the exact inverse of a Kronecker product of two small matrices.

The Hessian of the loss is the mean over images of (curvature of their logits) x (features times features). If the two
were independent, it would be A x C, with the mean curvature A and the covariance C of features. With A = U a U' and
C = V e V', the inverse of A x C + l2 is cheap for every l2: rotate, divide by a_k e_j + l2, rotate back (the idea of
K-FAC, Martens and Grosse 2015, for one layer). It changes the speed of the solver, not the solution, so float32 is
enough.
"""

from dataclasses import dataclass

import torch

from artbench.probe.features import Standardised

# Images per feature that are enough to estimate the covariance.
_ENOUGH = 8


@dataclass(frozen=True, kw_only=True)
class Eigenbasis:
    """Eigenvectors and eigenvalues of the covariance of z-scored features.

    Attributes:
        vectors: float32, shape (d, rank); with fewer images than features they span the images, and so every gradient.
        values: float64, shape (rank,), not negative.
    """

    vectors: torch.Tensor
    values: torch.Tensor

    @classmethod
    def of(cls, features: Standardised) -> "Eigenbasis":
        """Compute them from all images, or from a part if there are very many."""
        if features.n <= features.width:
            matrix = torch.cat([block for _, block in features.blocks()]).double()
            _, singular, transposed = torch.linalg.svd(matrix, full_matrices=False)
            return cls(vectors=transposed.T.float().contiguous(), values=singular.square() / features.n)
        stride = max(1, features.n // (_ENOUGH * features.width))
        covariance, count = torch.zeros(1), 0
        for _, block in features.blocks():
            some = block[::stride]
            covariance = covariance.to(some.device, torch.float64) + some.T @ some
            count += len(some)
        values, vectors = torch.linalg.eigh(covariance / count)
        return cls(vectors=vectors.float(), values=values.clamp(min=0))


class Preconditioner:
    """The approximate inverse for one penalty.

    Args:
        basis: Eigenbasis of the covariance of features.
        curvature: Mean curvature of the logits, shape (classes, classes); or its diagonal, shape (classes,).
        l2: The penalty.
        joint: Whether the classes are one problem, which equal shifts of all classes don't change.
    """

    def __init__(self, basis: Eigenbasis, curvature: torch.Tensor, *, l2: float, joint: bool = False) -> None:
        self._basis, self._l2, self._joint = basis, l2, joint
        self._rotation: torch.Tensor | None
        values, self._rotation = torch.linalg.eigh(curvature) if curvature.ndim == 2 else (curvature, None)
        self._values = values.clamp(min=0)
        self._weights = (1 / (basis.values * self._values[:, None] + l2)).float()
        # Curvature of intercepts; it is 0 for a softmax along equal shifts, which change nothing.
        self._intercepts = torch.where(self._values > 1e-9, 1 / self._values.clamp(min=1e-9), 0)

    def __call__(self, gradient: torch.Tensor) -> torch.Tensor:
        """Precondition a gradient, float64, shape (d + 1, classes)."""
        rotated = gradient if self._rotation is None else gradient @ self._rotation
        # Transposed for speed, as in the objective; scaled so that float32 can hold a gradient of any size.
        size = rotated[:-1].abs().amax().clamp(min=torch.finfo(torch.float64).tiny)
        scaled = (rotated[:-1] / size).T
        vectors = self._basis.vectors
        weights = ((scaled.float() @ vectors * self._weights) @ vectors.T).double()
        if vectors.shape[1] < vectors.shape[0]:
            weights += self._beside(scaled) / self._l2
        weights = weights.T * size
        step = torch.cat([weights, (rotated[-1] * self._intercepts)[None]])
        if self._rotation is not None:
            return step @ self._rotation.T
        # The whole curvature is 0 along equal shifts, the diagonal is not.
        return step - step.mean(dim=1, keepdim=True) if self._joint else step

    def _beside(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return the part of a gradient outside an incomplete basis: rounding, which must shrink too.

        The projection is subtracted twice because of float32 ("twice is enough", Kahan in Parlett 1980).
        """
        for _ in range(2):
            gradient = gradient - (gradient.float() @ self._basis.vectors @ self._basis.vectors.T).double()
        return gradient

    def select(self, columns: torch.Tensor) -> "Preconditioner":
        """Return the preconditioner for some labels of sigmoids."""
        assert self._rotation is None
        return Preconditioner(self._basis, self._values[columns], l2=self._l2)
