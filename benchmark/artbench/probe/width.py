"""Features reduced to a common width, for comparing networks of unlike width."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.probe.features import LabelledFeatures, Rows, check_finite
from artbench.probe.linear import FittedProbe
from artbench.probe.ridge import FittedRidge

FittedT = TypeVar("FittedT", FittedProbe, FittedRidge)


@dataclass(frozen=True, kw_only=True)
class Projection:
    """The leading principal components of features.

    Attributes:
        mean: float64, shape (d,).
        components: float64, shape (d, width), orthonormal columns, by falling variance.
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]

    @classmethod
    def of(cls, train: Rows, *, width: int) -> "Projection":
        """Fit the components on training features (Pearson 1901), by their covariance in float64.

        The sign of a component is such that its largest entry is positive, so that processors agree on it.

        Raises:
            ArtbenchError: The features are narrower than `width`, or there are fewer images.
        """
        check_width(width, features=train.width, images=len(train))
        mean = sum(block.sum(axis=0, dtype=np.float64) for block in train.blocks()) / len(train)
        covariance = np.zeros((train.width, train.width))
        for block in train.blocks():
            centred = block - mean
            covariance += centred.T @ centred
        # Ascending eigenvalues.
        vectors = np.linalg.eigh(covariance)[1][:, : -width - 1 : -1]
        largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
        return cls(mean=mean, components=vectors * np.sign(largest))

    def rows(self, rows: Rows) -> Rows:
        """Project features: float32, shape (n, width), in memory."""
        projected = [((block - self.mean) @ self.components).astype(np.float32) for block in rows.blocks()]
        return Rows(np.concatenate(projected) if projected else np.zeros((0, self.components.shape[1]), np.float32))

    def labelled(self, features: LabelledFeatures) -> LabelledFeatures:
        """Project features, whose labels and ids stay."""
        return replace(features, rows=self.rows(features.rows))

    def unprojected(self, fitted: FittedT) -> FittedT:
        """Return a probe of projected features as one of the features themselves."""
        weight = self.components @ fitted.weight
        # A number for years, one number a class otherwise.
        bias: Any = fitted.bias - self.mean @ weight
        return replace(fitted, weight=weight, bias=bias)


def check_width(width: int, *, features: int | None = None, images: int | None = None) -> None:
    """Raise an ArtbenchError unless so many features, and so many training images, allow a width; None: unknown."""
    if features is not None and features < width:
        count = f"{features:,} features"
    elif images is not None and images <= width:
        count = f"{images:,} training images"
    else:
        return
    raise ArtbenchError(
        f"a width of {width:,} can't be had from {count}", mend="Give a smaller --width, the same for all encoders"
    )


def to_width(
    train: LabelledFeatures, validation: LabelledFeatures | None, *, width: int | None
) -> tuple[LabelledFeatures, LabelledFeatures | None, Projection | None]:
    """Project training and validation features to the width of a protocol; None leaves them as they are.

    Raises:
        ArtbenchError: The features are not finite, or as `Projection.of` does.
    """
    if width is None:
        return train, validation, None
    check_finite([train.rows], ids=train.ids)
    projection = Projection.of(train.rows, width=width)
    return projection.labelled(train), None if validation is None else projection.labelled(validation), projection
