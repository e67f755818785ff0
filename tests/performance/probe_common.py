"""What the scripts about the probe share: features like those of networks, the peer's fit, and the machine's name."""

import gc
import sys
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from artbench.runtime.machine import hardware_name

Result = TypeVar("Result")
_BLOCK = 4096


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_machine() -> None:
    say(
        f"on {hardware_name('cpu')}, {torch.get_num_threads()} threads; torch {torch.__version__}, "
        f"scikit-learn {metadata.version('scikit-learn')}"
    )


def fill(
    features: NDArray[np.float32], means: NDArray[np.float32], picked: NDArray[np.int64], *, decay: float, seed: int
) -> None:
    """Write features like a network's pooled output, a block at a time.

    Latent numbers are drawn around the mean of the image's class, scaled by a power law as the spectra of networks'
    features are, mixed, and made positive and skewed as ReLU and pooling do.

    Args:
        features: Written to: float32, shape (n, d); may be a memory map.
        means: Of each class, in latent space, shape (classes, d).
        picked: Class of each image.
        decay: Exponent of the power law.
        seed: Of everything.
    """
    n, width = features.shape
    random = np.random.default_rng(seed)
    scales = np.arange(1, width + 1, dtype=np.float32) ** -decay
    mixing = random.normal(size=(width, width)).astype(np.float32) / np.sqrt(np.sum(scales**2))
    for start in range(0, n, _BLOCK):
        latent = random.normal(size=(min(_BLOCK, n - start), width)).astype(np.float32)
        latent += means[picked[start : start + _BLOCK]]
        mixed = (latent * scales) @ mixing
        features[start : start + _BLOCK] = np.maximum(mixed - 0.5, 0) ** 1.5 + 0.05 * random.random(mixed.shape)


def classed(n: int, width: int, classes: int, *, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Features and one class per image; classes are unequally common, and overlap."""
    features = np.empty((n, width), np.float32)
    labels = class_labels(n, classes, seed=seed)
    fill(features, class_means(classes, width, seed=seed), labels, decay=0.7, seed=seed)
    return features, labels


def class_labels(n: int, classes: int, *, seed: int) -> NDArray[np.int64]:
    """The commonest class has some tens of times the images of the rarest, as in WikiArt."""
    shares = 1 / np.arange(2, classes + 2) ** 1.2
    return np.random.default_rng(seed + 1).choice(classes, n, p=shares / shares.sum()).astype(np.int64)


def class_means(classes: int, width: int, *, seed: int) -> NDArray[np.float32]:
    means = np.random.default_rng(seed + 2).normal(size=(classes, width))
    return (0.15 * means).astype(np.float32)


def scikit_learn(
    features: NDArray[np.float32] | NDArray[np.float64], labels: NDArray[np.int64], *, l2: float, tolerance: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (d, classes) and intercepts of scikit-learn's fit with the same objective."""
    peer = LogisticRegression(
        C=1 / (len(features) * l2), solver="lbfgs", tol=tolerance, max_iter=100_000, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        peer.fit(features, labels)
    return peer.coef_.T.astype(np.float64), peer.intercept_.astype(np.float64)


def objective(
    features: NDArray[np.float64], labels: NDArray[np.int64], weight: NDArray[np.float64], bias: NDArray[np.float64], *,
    l2: float,
) -> float:  # fmt: skip
    """The probe's objective for a softmax, in plain numpy and float64, so that nobody's own sums are trusted."""
    logits = features @ weight + bias
    logits -= logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]
    return float(losses.mean() + l2 / 2 * np.square(weight).sum())


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """What it returns, and how many seconds it took."""
    gc.collect()
    begun = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begun


def peak_gigabytes() -> float:
    """The largest resident memory of this process so far."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 2**20
