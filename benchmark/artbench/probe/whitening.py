"""Whitening by principal components, as retrieval uses it (Jégou and Chum 2012)."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.probe.features import Rows

# Variances below this share of the largest are rounding.
_LEAST = 1e-7


@dataclass(frozen=True)
class Whitening:
    """A projection to principal components of variance 1.

    Attributes:
        mean: float32, shape (d,).
        projection: float32, shape (d, components).
    """

    mean: NDArray[np.float32]
    projection: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: Rows, *, components: int) -> "Whitening":
        """Learn it from vectors, which are scaled to length 1.

        Raises:
            ArtbenchError: They do not have so many components that vary.
        """
        total, products = np.zeros(vectors.width), np.zeros((vectors.width, vectors.width))
        for block in vectors.blocks():
            lengths = np.linalg.norm(block, axis=1, keepdims=True)
            unit = (block / np.maximum(lengths, 1e-12)).astype(np.float64)
            total += unit.sum(axis=0)
            products += unit.T @ unit
        mean = total / len(vectors)
        variances, directions = np.linalg.eigh(products / len(vectors) - np.outer(mean, mean))
        varying = int((variances > _LEAST * variances[-1]).sum())
        if components > varying:
            raise ArtbenchError(
                f"features of {vectors.width:,} numbers, in an index of {len(vectors):,} pictures, have {varying:,} "
                f"components that vary, fewer than the {components:,} to whiten",
                mend="Ask for fewer, as in retrieval-v1-whitening-64",
            )
        kept = slice(-1, -components - 1, -1)
        projection = directions[:, kept] / np.sqrt(variances[kept])
        return cls(mean.astype(np.float32), projection.astype(np.float32))

    def apply(self, vectors: torch.Tensor) -> torch.Tensor:
        """Project vectors of length 1, shape (n, d), to shape (n, components)."""
        mean, projection = (torch.from_numpy(part).to(vectors.device) for part in (self.mean, self.projection))
        return (vectors - mean) @ projection
