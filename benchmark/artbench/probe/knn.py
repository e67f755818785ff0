"""Weighted k-nearest neighbours on frozen features."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.data.outputs import Leading, Outputs, joined
from artbench.data.targets import Labels
from artbench.plugins.known import form_of
from artbench.probe.features import Rows
from artbench.specs import TargetKind

# Similarities in memory at a time, and training images per lot: enough that reading the test again for each lot is
# cheap.
_BLOCK = 1 << 24
_LOT = 1 << 13


def knn_outputs(train: Sequence[Rows], train_labels: Labels, test: Rows, *, target: TargetKind, **rest: Any) -> Outputs:
    """Return `knn_probabilities`, whose arguments it has; of one class per image the leading ones."""
    if form_of(target) != "class":
        return knn_probabilities(train, train_labels, test, target=target, **rest)
    parts = [Leading.of(block) for block in _votes(train, train_labels, test, target=target, **rest)]
    return joined(parts or [Leading.of(np.zeros((0, rest["classes"]), np.float32))])


def knn_probabilities(
    train: Sequence[Rows],
    train_labels: Labels,
    test: Rows,
    *,
    classes: int,
    target: TargetKind,
    k: int,
    temperature: float,
    device: str,
) -> NDArray[np.float32]:
    """Return the votes of the k training images most similar to each test image, as probabilities.

    Features are L2-normalised; a neighbour at cosine similarity s votes with weight exp(s / temperature); the
    weights of the k sum to one (Wu et al. 2018, Unsupervised Feature Learning via Non-Parametric Instance
    Discrimination; DINO, Caron et al. 2021). For multi-label targets a neighbour votes for each of its labels; for
    years the answer is the weighted mean of the neighbours' years.

    Args:
        train: Features of n images, in parts.
        train_labels: Labels of all parts, as `Split.labels`.
        test: Features of m images.
        classes: Number of classes of the task; 0 for years.
        target: Kind of target.
        k: Number of neighbours; all training images if there are fewer.
        temperature: Temperature of the weights.
        device: `cpu`, `cuda` or `mps`.

    Returns:
        float32, shape (m, classes); for years float32, shape (m, 1).
    """
    votes = np.zeros((len(test), 1 if form_of(target) == "number" else classes), np.float32)
    start = 0
    for block in _votes(
        train, train_labels, test, classes=classes, target=target, k=k, temperature=temperature, device=device
    ):
        votes[start : start + len(block)] = block
        start += len(block)
    return votes


def _votes(
    train: Sequence[Rows],
    train_labels: Labels,
    test: Rows,
    *,
    classes: int,
    target: TargetKind,
    k: int,
    temperature: float,
    device: str,
) -> Iterator[NDArray[np.float32]]:
    """Yield `knn_probabilities` of some test images at a time."""
    # Years are averaged like the votes for one class; MPS has no float64.
    years = torch.from_numpy(train_labels.astype(np.float32)[:, None]) if form_of(target) == "number" else None
    labels = (torch.from_numpy(train_labels) if years is None else years).to(device)
    classes = classes if years is None else 1
    similarities, nearest = _nearest(train, test, k=k, device=device)
    # Votes of k neighbours for all labels are in memory at once.
    step = max(1, _BLOCK // ((1 if form_of(target) == "class" else similarities.shape[1]) * classes))
    for start in range(0, len(test), step):
        of = nearest[start : start + step]
        weights = (similarities[start : start + step] / temperature).softmax(dim=1)
        if form_of(target) == "class":
            block = torch.zeros(len(of), classes, device=device)
            block.scatter_add_(1, labels[of], weights)
        else:
            block = torch.einsum("nk,nkc->nc", weights, labels[of].float())
        yield (block if years is not None else block.clamp(max=1)).cpu().numpy()


def _nearest(train: Sequence[Rows], test: Rows, *, k: int, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return similarities and numbers of the nearest images of all parts, each of shape (m, min(k, n))."""
    k = min(k, sum(map(len, train)))
    best = torch.full((len(test), k), -torch.inf, device=device)
    nearest = torch.zeros((len(test), k), dtype=torch.int64, device=device)
    first = 0
    for lot in (_normalised(lot, device) for part in train for lot in part.pieces(_LOT)):
        step = max(1, _BLOCK // len(lot))
        for number, block in enumerate(test.pieces(step)):
            where = slice(number * step, number * step + len(block))
            here, numbers = (_normalised(block, device) @ lot.T).topk(min(k, len(lot)), dim=1)
            # Merge with the nearest of the lots before.
            both, order = torch.cat([best[where], here], dim=1).topk(k, dim=1)
            best[where] = both
            nearest[where] = torch.cat([nearest[where], numbers + first], dim=1).gather(1, order)
        first += len(lot)
    return best, nearest


def _normalised(features: NDArray[np.float32], device: str) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.tensor(features, device=device), dim=1)
