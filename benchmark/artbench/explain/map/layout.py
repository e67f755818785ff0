"""From features to places in a plane: by UMAP, or by principal components."""

import warnings
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.explain.map.request import NEIGHBOURS, Method

# Dimensions in which UMAP looks for neighbours. Its other parameters have umap-learn's defaults.
_DIMENSIONS, _MIN_DISTANCE = 50, 0.1
# Passes over the neighbours that are known, as umap-learn's default for large collections.
_EPOCHS = 200
_BLOCK = 4096


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Images in a plane.

    Attributes:
        places: Their places, float64, shape (n, 2); wider than high, centred, the largest coordinate 1.
        method: The method that gave them.
        kept: Share of the variance of the directions that the principal components keep.
        dimensions: Number of principal components: 2 (`pca`), or those that UMAP starts from.
        by_cosine: Whether UMAP started from the nearest by cosine, which were known, and not from components.
    """

    places: NDArray[np.float64]
    method: Method
    kept: float
    dimensions: int
    by_cosine: bool = False

    @property
    def height(self) -> float:
        """Height of a frame around the map whose width is 1."""
        low, high = self.places.min(axis=0), self.places.max(axis=0)
        return float(np.clip((high - low)[1] / max((high - low)[0], np.finfo(np.float64).tiny), 0.4, 1))

    @property
    def how(self) -> str:
        """The method, as a sentence without a full stop."""
        share = f"{100 * self.kept:.0f} % of the variance"
        if self.method == "pca":
            return f"The first two principal components, which keep {share}"
        if self.by_cosine:
            return f"UMAP ({NEIGHBOURS} neighbours by cosine, minimum distance {_MIN_DISTANCE})"
        return (
            f"UMAP ({NEIGHBOURS} neighbours, minimum distance {_MIN_DISTANCE}) of the first {self.dimensions} "
            f"principal components, which keep {share}"
        )


def lay_out(
    points: NDArray[np.float32],
    *,
    method: Method,
    seed: int,
    near: tuple[NDArray[np.int64], NDArray[np.float32]] | None = None,
) -> Layout:
    """Place images in a plane so that those whose features point in similar directions are near to each other.

    UMAP (McInnes, Healy and Melville 2018) starts from the principal components and not at random, which keeps the
    large-scale order (Kobak and Linderman 2021), and runs on one thread, so that a seed gives one map.

    Args:
        points: Unit vectors of the features, float32, shape (n, d).
        method: The method.
        seed: Seed of UMAP.
        near: The nearest of each image by cosine without itself, and these cosines, of shape (n, NEIGHBOURS - 1), for
            fewer images (n, n - 1). UMAP then does not look for them, which takes most of its time. None: it looks for
            them among the components.
    """
    # Of n images, the components from the n-th on are zero.
    count = max(2, min(_DIMENSIONS, len(points) - 1)) if method == "umap" else 2
    components, share = principal_components(points, count)
    places = _umap(components, seed, near) if method == "umap" else components[:, :2]
    return Layout(
        places=_fitted(places),
        method=method,
        kept=share,
        dimensions=components.shape[1],
        by_cosine=near is not None,
    )


def principal_components(points: NDArray[np.float32], count: int) -> tuple[NDArray[np.float64], float]:
    """Compute the first principal components, shape (n, count), and the share of the variance that they keep.

    They are computed from the covariance, added up in blocks: exact, with d x d numbers besides the points. The sign
    of each is such that its largest weight is positive.

    Args:
        points: float32, shape (n, d).
        count: How many; at most d, but at least two columns are returned, the missing ones zero.
    """
    n, d = points.shape
    mean = points.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((d, d))
    for start in range(0, n, _BLOCK):
        centred = points[start : start + _BLOCK] - mean
        covariance += centred.T @ centred
    count = min(count, d)
    values, axes = scipy.linalg.eigh(covariance, subset_by_index=(d - count, d - 1))
    axes = axes[:, ::-1]
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(count)] < 0, -1.0, 1.0)
    found = np.zeros((n, max(2, count)))
    for start in range(0, n, _BLOCK):
        found[start : start + _BLOCK, :count] = (points[start : start + _BLOCK] - mean) @ axes
    total = float(np.trace(covariance))
    return found, min(1.0, float(values.sum()) / total) if total > 0 else 1.0


def _umap(
    components: NDArray[np.float64], seed: int, near: tuple[NDArray[np.int64], NDArray[np.float32]] | None
) -> NDArray[np.float64]:
    try:
        import umap
    except ImportError as error:  # numba and numpy may not fit each other
        reason = " ".join(str(error).split())
        raise ArtbenchError(f"umap-learn can't be imported ({reason})", mend="Mend it, or say --layout pca") from error
    _keep_compiled()
    start = components[:, :2] / max(float(components[:, :2].std(axis=0).max()), np.finfo(np.float64).tiny)
    known: dict[str, Any] = {}
    if near is not None:
        places, cosines = near
        itself = np.arange(len(places))[:, None]
        distances = np.sqrt(np.maximum(0, 2 - 2 * cosines))
        known = {
            "precomputed_knn": (
                np.concatenate([itself, places], axis=1).astype(np.int32),
                np.concatenate([np.zeros_like(distances[:, :1]), distances], axis=1).astype(np.float32),
                None,
            ),
            "n_epochs": _EPOCHS,
        }
    with warnings.catch_warnings():
        # It warns of one thread, few images, and images without neighbours.
        warnings.simplefilter("ignore")
        made: Any = umap.UMAP(
            n_neighbors=min(NEIGHBOURS, len(components) - 1),
            min_dist=_MIN_DISTANCE,
            init=(1e-4 * start).astype(np.float32),
            random_state=seed,
            n_jobs=1,
            **known,
        ).fit_transform(components.astype(np.float32))
    return np.asarray(made, np.float64)


def _keep_compiled() -> None:
    """Have numba keep the functions that every map needs beside those that umap-learn lets it keep.

    Compiling them takes longer than laying out some thousand images.
    """
    for module, name in (
        ("umap.umap_", "smooth_knn_dist"),
        ("umap.umap_", "compute_membership_strengths"),
        ("umap.layouts", "_nb_optimize_layout_euclidean_single_epoch"),
    ):
        function = getattr(import_module(module), name, None)
        # Another release may have none of them, and no folder may be writable.
        with suppress(AttributeError, RuntimeError):
            function.enable_caching()  # type: ignore[union-attr]


def _fitted(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn the map so that it is wider than high, centre it, and scale the largest coordinate to 1.

    Images without a place, which UMAP does not give to those without neighbours, lie in the middle.
    """
    finite = ~np.isnan(places.sum(axis=1))
    centred = np.where(finite[:, None], places - places[finite].mean(axis=0), 0)
    turned, _ = principal_components(centred.astype(np.float32), 2)
    turned -= (turned.min(axis=0) + turned.max(axis=0)) / 2
    return turned / max(float(np.abs(turned).max()), np.finfo(np.float64).tiny)
