"""Feature matrices in blocks: rows, labels, z-scores, on the device and in memory if they fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.errors import ArtbenchError
from artbench.runtime.machine import free_bytes
from artbench.runtime.mapped import release

# Numbers in a block, which is read, standardised and multiplied at a time. It fits into a processor's cache, so that
# the block of the logits is still there for the gradient.
_BLOCK = 1 << 20
# With more columns than this a block has so many rows all the same: sums over few would take longer than the products.
_WIDE, _WIDE_ROWS = 1 << 12, 1 << 8
# Numbers of a memory map that are read before their memory is released, 256 MB, or rows of it that may be far apart.
_MAPPED, _APART = 1 << 26, 128
# A feature that varies by less than this share of its mean is constant up to rounding.
_CONSTANT = 1e-6


@dataclass(frozen=True)
class Rows:
    """Some rows of a feature matrix.

    Attributes:
        features: float32, shape (any, d); may be a memory map.
        positions: Positions of the rows, in order; None for all.
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
        """Select rows, in order, without a copy."""
        return Rows(self.features, positions if self.positions is None else self.positions[positions])

    def blocks(self, width: int = 0) -> Iterator[NDArray[np.float32]]:
        """Yield blocks of about a million numbers, counting `width` more per row."""
        columns = max(1, self.width + width)
        return self.pieces(max(_WIDE_ROWS if columns > _WIDE else 1, _BLOCK // columns))

    def pieces(self, count: int) -> Iterator[NDArray[np.float32]]:
        """Yield blocks of `count` rows, read or copied one at a time; memory does not grow with a memory map."""
        every = max(1, _MAPPED // (count * max(1, self.width)))
        for number, start in enumerate(range(0, len(self), count), start=1):
            part = slice(start, start + count)
            yield self._taken(self.positions[part]) if self.positions is not None else self._read(part)
            if self._large and number % every == 0:
                release(self.features)
        if self._large:
            release(self.features)

    @property
    def _large(self) -> bool:
        return self.features.size > _MAPPED

    def _read(self, part: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        return np.asarray(self.features[part], np.float32)

    def _taken(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Copy rows that may be far apart, around each of which the system maps megabytes of a large file."""
        if not self._large:
            return self._read(positions)
        found = np.empty((len(positions), self.width), np.float32)
        for start in range(0, len(positions), _APART):
            found[start : start + _APART] = self._read(positions[start : start + _APART])
            release(self.features)
        return found


@dataclass(frozen=True, kw_only=True)
class LabelledFeatures:
    """Features, labels (as `Split.labels`) and ids of n images.

    Attributes:
        groups: Group of each image, such as its painter, if the penalty is chosen on whole groups; None: on images.
    """

    rows: Rows
    labels: Labels
    ids: Sequence[str]
    groups: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, positions: NDArray[np.int64]) -> "LabelledFeatures":
        """Select images, in order, without a copy of features."""
        return LabelledFeatures(
            rows=self.rows.select(positions),
            labels=self.labels[positions],
            ids=[self.ids[at] for at in positions.tolist()],
            groups=None if self.groups is None else [self.groups[at] for at in positions.tolist()],
        )


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Mean and scale of z-scores: (x - mean) * inverse.

    Attributes:
        mean: float64, shape (d,).
        inverse: One over the standard deviation, float64, shape (d,); 0 for a constant feature.
    """

    mean: NDArray[np.float64]
    inverse: NDArray[np.float64]

    @classmethod
    def of(cls, parts: Sequence[Rows], *, ids: Sequence[str]) -> "Scaling":
        """Compute them from training images, whose ids are for messages.

        Raises:
            ArtbenchError: A feature is NaN or infinite.
        """
        check_finite(parts, ids=ids)
        n = sum(map(len, parts))
        mean = sum(block.sum(axis=0, dtype=np.float64) for part in parts for block in part.blocks()) / n
        deviation = np.sqrt(sum(np.square(block - mean).sum(axis=0) for part in parts for block in part.blocks()) / n)
        varies = deviation > _CONSTANT * np.abs(mean)
        return cls(mean=mean, inverse=np.divide(1, deviation, out=np.zeros_like(deviation), where=varies))

    def apply(self, block: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return z-scores, float64."""
        return (block - self.mean) * self.inverse


def check_finite(parts: Sequence[Rows], *, ids: Sequence[str]) -> None:
    """Raise ArtbenchError if a feature is NaN or infinite."""
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


def check_lengths(lengths: NDArray[np.floating]) -> None:
    """Raise ArtbenchError if a vector has no finite length, as one that holds NaN or infinity."""
    if not np.isfinite(lengths).all():
        raise ArtbenchError(
            "the features of an image hold NaN or infinity",
            mend="The network overflows on it or its weights are damaged: extract anew with --fresh",
        )


class Standardised:
    """z-scored features in float32 on a device, in blocks; in memory only if they fit.

    Args:
        parts: The features.
        scaling: Mean and scale.
        device: `cpu` or `cuda`.
        outputs: Number of columns of results that will be in memory with a block.

    Attributes:
        n: Number of images.
        width: Length of a feature vector.
        device: Device of the blocks.
    """

    def __init__(self, parts: Sequence[Rows], *, scaling: Scaling, device: str, outputs: int) -> None:
        self._parts, self._scaling, self._outputs = parts, scaling, outputs
        self.n, self.width, self.device = sum(map(len, parts)), parts[0].width, device
        self._kept: list[torch.Tensor] | None = None
        if 4 * self.n * self.width < free_bytes(device) / 2:
            self._kept = list(self._read())

    def blocks(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield positions and z-scores, float32, shape (rows, d), on the device."""
        start = 0
        for block in self._read() if self._kept is None else self._kept:
            yield slice(start, start + len(block)), block
            start += len(block)

    def _read(self) -> Iterator[torch.Tensor]:
        for part in self._parts:
            for block in part.blocks(self._outputs):
                yield torch.from_numpy(self._scaling.apply(block).astype(np.float32)).to(self.device)
