"""Images for the tests of the probe: features that tell something of the labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.probe.features import LabelledFeatures, Rows


def classed(n: int, *, width: int = 12, classes: int = 4, spread: float = 1.0, seed: int = 0) -> LabelledFeatures:
    """One class per image; features of very different scales, some of them correlated."""
    random = np.random.default_rng(seed)
    means, scales, mixing = _world(classes, width)
    labels = random.integers(0, classes, n)
    features = (spread * means[labels] + random.normal(size=(n, width))) @ mixing * scales + 3
    return labelled(features, labels, seed=seed)


def tagged(n: int, *, width: int = 12, labels: int = 5, seed: int = 0) -> LabelledFeatures:
    """Any number of labels per image, the later ones rarer."""
    random = np.random.default_rng(seed)
    slopes, scales, mixing = _world(labels, width)
    latent = random.normal(size=(n, width))
    logits = latent @ slopes.T - 0.6 * np.arange(labels)
    return labelled(latent @ mixing * scales + 3, random.random((n, labels)) < 1 / (1 + np.exp(-logits)), seed=seed)


def labelled(features: NDArray[Any], labels: NDArray[Any], *, seed: int = 0) -> LabelledFeatures:
    """With ids."""
    return LabelledFeatures(
        rows=Rows(features.astype(np.float32)), labels=labels, ids=[f"{seed}/{k}" for k in range(len(labels))]
    )


def z_scores(fitted_on: NDArray[np.float32], features: NDArray[np.float32]) -> NDArray[np.float64]:
    """The plain way, for features that all vary."""
    there = fitted_on.astype(np.float64)
    scores: NDArray[np.float64] = (features - there.mean(axis=0)) / there.std(axis=0)
    return scores


def _world(classes: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(99)
    means = random.normal(size=(classes, width))
    return means, 10 ** random.uniform(-2, 2, width), np.eye(width) + 0.3 * random.normal(size=(width, width))
