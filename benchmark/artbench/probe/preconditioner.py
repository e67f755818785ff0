"""An approximate inverse of the probe's Hessian: the Kronecker product of two small matrices, inverted exactly.

The Hessian of the loss is the mean over the images of (curvature of their logits) x (features times features).
Were the two independent, it would be A x C, A the mean curvature and C the features' covariance. With A = U a U' and
C = V e V', the inverse of A x C + l2 is cheap for every l2: rotate, divide by a_k e_j + l2, rotate back. (The idea of
K-FAC, Martens and Grosse 2015, for one layer.) It changes how fast the solver is, not what it finds; so float32 is good
enough for it.
"""

from dataclasses import dataclass

import torch

from artbench.probe.features import Standardised

# Images that are enough for each feature to estimate the covariance from.
_ENOUGH = 8


@dataclass(frozen=True, kw_only=True)
class Eigenbasis:
    """Of the covariance of z-scored features.

    Attributes:
        vectors: float32, shape (d, rank); where there are fewer images than features they span the images,
            and with them every gradient.
        values: float64, shape (rank,), not negative.
    """

    vectors: torch.Tensor
    values: torch.Tensor

    @classmethod
    def of(cls, features: Standardised) -> "Eigenbasis":
        """From all images, or where there are very many, from blocks spread over them."""
        blocks = [block for _, block in features.blocks()] if features.n <= features.width else None
        if blocks is not None:
            matrix = torch.cat(blocks).double()
            _, singular, transposed = torch.linalg.svd(matrix, full_matrices=False)
            return cls(vectors=transposed.T.float().contiguous(), values=singular.square() / features.n)
        stride = max(1, features.n // (_ENOUGH * features.width))
        covariance = torch.zeros(1)
        count = 0
        for _, block in features.blocks():
            some = block[::stride]
            covariance = covariance.to(some.device, torch.float64) + some.T @ some
            count += len(some)
        values, vectors = torch.linalg.eigh(covariance / count)
        return cls(vectors=vectors.float(), values=values.clamp(min=0))


class Preconditioner:
    """The approximate inverse for one penalty.

    Args:
        basis: Of the features' covariance.
        curvature: Mean curvature of the logits, (classes, classes) or (labels,).
        l2: The penalty.
    """

    def __init__(self, basis: Eigenbasis, curvature: torch.Tensor, *, l2: float) -> None:
        self._basis, self._l2 = basis, l2
        if curvature.ndim == 2:
            values, rotation = torch.linalg.eigh(curvature)
            self._rotation: torch.Tensor | None = rotation
        else:
            values, self._rotation = curvature, None
        self._values = values.clamp(min=0)
        self._weights = (1 / (basis.values * self._values[:, None] + l2)).float()
        # The intercepts' curvature; adding the same to all of a softmax changes nothing.
        self._intercepts = torch.where(self._values > 1e-9, 1 / self._values.clamp(min=1e-9), 0)

    def __call__(self, gradient: torch.Tensor) -> torch.Tensor:
        """The step that the gradient asks for, downhill if negated; float64, shape (d + 1, classes)."""
        rotated = gradient if self._rotation is None else gradient @ self._rotation
        # Transposed for speed, as in the objective's gradient; scaled, so that float32 holds a gradient of any size.
        size = rotated[:-1].abs().amax().clamp(min=torch.finfo(torch.float64).tiny)
        scaled = (rotated[:-1] / size).T
        vectors = self._basis.vectors
        weights = ((scaled.float() @ vectors * self._weights) @ vectors.T).double()
        if vectors.shape[1] < vectors.shape[0]:
            weights += self._beside(scaled) / self._l2
        weights = weights.T * size
        step = torch.cat([weights, (rotated[-1] * self._intercepts)[None]])
        return step if self._rotation is None else step @ self._rotation.T

    def _beside(self, gradient: torch.Tensor) -> torch.Tensor:
        """What the basis does not span: rounding, where it has no vectors for all of space, but it must shrink too.

        Taken off twice, since float32 leaves a share of it the first time ("twice is enough", Kahan in Parlett 1980).
        """
        for _ in range(2):
            gradient = gradient - (gradient.float() @ self._basis.vectors @ self._basis.vectors.T).double()
        return gradient

    def select(self, columns: torch.Tensor) -> "Preconditioner":
        """For the problems of some of the labels; for sigmoids."""
        assert self._rotation is None
        return Preconditioner(self._basis, self._values[columns], l2=self._l2)
