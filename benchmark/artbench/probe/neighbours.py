"""Weighted k-nearest neighbours on frozen features: what they tell without any fitting."""

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.specs import TargetKind

# Similarities held at a time.
_BLOCK = 1 << 24


def knn_probabilities(
    train_features: NDArray[np.float32],
    train_labels: Labels,
    test_features: NDArray[np.float32],
    *,
    classes: int,
    target: TargetKind,
    k: int,
    temperature: float,
    device: str,
) -> NDArray[np.float32]:
    """The votes of the k training pictures most similar to each test picture, as probabilities.

    Features are L2-normalised; a neighbour at cosine similarity s votes with weight exp(s / temperature); the
    weights of the k sum to one (Wu et al. 2018, Unsupervised Feature Learning via Non-Parametric Instance
    Discrimination; DINO, Caron et al. 2021). For multi-label targets a neighbour votes for each of its labels; for
    years the answer is the weighted mean of the neighbours' years.

    Args:
        train_features: float32, shape (n, d).
        train_labels: As `Split.labels`.
        test_features: float32, shape (m, d).
        classes: Number of classes of the task; 0 for years.
        target: Which kind they are.
        k: Number of neighbours; all of them where there are fewer training pictures.
        temperature: Of the weights.
        device: `cpu`, `cuda` or `mps`.

    Returns:
        float32, shape (m, classes); for years float32, shape (m, 1).
    """
    train = _normalised(train_features, device)
    # A year is one answer with a weight of its own; MPS has no float64.
    years = torch.from_numpy(train_labels.astype(np.float32)[:, None]) if target == "year" else None
    labels = (torch.from_numpy(train_labels) if years is None else years).to(device)
    classes = classes if years is None else 1
    k = min(k, len(train))
    # The similarities to all training pictures, and the votes of k neighbours for all labels.
    step = max(1, _BLOCK // max(len(train), k * classes))
    votes = np.zeros((len(test_features), classes), np.float32)
    for start in range(0, len(test_features), step):
        test = _normalised(test_features[start : start + step], device)
        similarities, nearest = (test @ train.T).topk(k, dim=1)
        weights = (similarities / temperature).softmax(dim=1)
        if target == "single-label":
            block = torch.zeros(len(test), classes, device=device)
            block.scatter_add_(1, labels[nearest], weights)
        else:
            block = torch.einsum("nk,nkc->nc", weights, labels[nearest].float())
        votes[start : start + step] = (block if years is not None else block.clamp(max=1)).cpu().numpy()
    return votes


def _normalised(features: NDArray[np.float32], device: str) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.from_numpy(np.asarray(features, np.float32)).to(device), dim=1)
