"""Features as the solver sees them: z-scored, in blocks, on the device, in memory only if they fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.runtime.machine import free_bytes

# Numbers in one block: what is read, standardised and multiplied at a time. A processor's cache holds so many, so that
# a block that was multiplied for the logits is still there to be multiplied for the gradient.
_BLOCK = 1 << 20
# A feature that varies by less than this share of its mean is constant but for rounding.
_CONSTANT = 1e-6


@dataclass(frozen=True)
class Rows:
    """Some rows of a feature matrix, in that order.

    Attributes:
        features: float32, shape (any, d); may be a memory map.
        positions: Of the rows; None: all.
    """

    features: NDArray[np.float32]
    positions: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.features if self.positions is None else self.positions)

    @property
    def width(self) -> int:
        """Length of a feature vector."""
        return int(self.features.shape[1])

    def select(self, positions: NDArray[np.int64]) -> "Rows":
        """Some of them, in that order; none is copied."""
        return Rows(self.features, positions if self.positions is None else self.positions[positions])

    def blocks(self, width: int = 0) -> Iterator[NDArray[np.float32]]:
        """The rows, some at a time, so that a block has some million numbers, also with `width` more a row."""
        return self.pieces(max(1, _BLOCK // max(1, self.width + width)))

    def pieces(self, count: int) -> Iterator[NDArray[np.float32]]:
        """The rows, so many at a time: read, or copied, only when they come up."""
        for start in range(0, len(self), count):
            if self.positions is None:
                yield np.asarray(self.features[start : start + count], np.float32)
            else:
                yield np.asarray(self.features[self.positions[start : start + count]], np.float32)


@dataclass(frozen=True, kw_only=True)
class LabelledFeatures:
    """The features of some images, and what is known of each.

    Attributes:
        rows: Their features, n of them.
        labels: As `Split.labels`.
        ids: The id of each image.
    """

    rows: Rows
    labels: Labels
    ids: Sequence[str]

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, positions: NDArray[np.int64]) -> "LabelledFeatures":
        """Some of them, in that order; no feature is copied."""
        return LabelledFeatures(
            rows=self.rows.select(positions),
            labels=self.labels[positions],
            ids=[self.ids[at] for at in positions.tolist()],
        )


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """What makes features z-scores: (x - mean) * inverse.

    Attributes:
        mean: float64, shape (d,).
        inverse: One over the standard deviation, float64, shape (d,); 0 for a constant feature.
    """

    mean: NDArray[np.float64]
    inverse: NDArray[np.float64]

    @classmethod
    def of(cls, parts: Sequence[Rows], *, ids: Sequence[str]) -> "Scaling":
        """From the statistics of training images.

        Args:
            parts: Their features.
            ids: Their ids, in that order, for messages.

        Raises:
            ArtbenchError: A feature is NaN or infinite.
        """
        check_finite(parts, ids=ids)
        n = sum(map(len, parts))
        mean = sum(block.sum(axis=0, dtype=np.float64) for part in parts for block in part.blocks()) / n
        variance = sum(np.square(block - mean).sum(axis=0) for part in parts for block in part.blocks()) / n
        deviation = np.sqrt(variance)
        varies = deviation > _CONSTANT * np.abs(mean)
        inverse = np.divide(1, deviation, out=np.zeros_like(deviation), where=varies)
        return cls(mean=mean, inverse=inverse)

    def apply(self, block: NDArray[np.float32]) -> NDArray[np.float64]:
        """The z-scores of some images' features, float64."""
        return (block - self.mean) * self.inverse


def check_finite(parts: Sequence[Rows], *, ids: Sequence[str]) -> None:
    """Refuse NaN and infinity.

    Raises:
        ArtbenchError: There is one.
    """
    start = 0
    for part in parts:
        for block in part.blocks():
            finite = np.isfinite(block).all(axis=1)
            if not finite.all():
                raise ArtbenchError(
                    f"the features of {ids[start + int(finite.argmin())]} hold NaN or infinity",
                    mend="The network overflows on this image or its weights are damaged: extract anew with --fresh",
                )
            start += len(block)


class Standardised:
    """z-scored features on a device, given out in blocks; in memory only if they fit.

    They are float32, as features are: rounded once, when they are scaled. What is reckoned with them need not be.

    Args:
        parts: The features.
        scaling: How they are z-scored.
        device: `cpu` or `cuda`.
        outputs: Columns that the results for a block will have beside it in memory.

    Attributes:
        n: Number of images.
        width: Length of a feature vector.
        device: Where the blocks are.
    """

    def __init__(self, parts: Sequence[Rows], *, scaling: Scaling, device: str, outputs: int) -> None:
        self._parts, self._scaling, self._outputs = parts, scaling, outputs
        self.n, self.width, self.device = sum(map(len, parts)), parts[0].width, device
        self._kept: list[torch.Tensor] | None = None
        if 4 * self.n * self.width < free_bytes(device) / 2:
            self._kept = list(self._read())

    def blocks(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Positions, and their z-scores: float32, shape (rows, d), on the device."""
        start = 0
        for block in self._read() if self._kept is None else self._kept:
            yield slice(start, start + len(block)), block
            start += len(block)

    def _read(self) -> Iterator[torch.Tensor]:
        for part in self._parts:
            for block in part.blocks(self._outputs):
                yield torch.from_numpy(self._scaling.apply(block).astype(np.float32)).to(self.device)
