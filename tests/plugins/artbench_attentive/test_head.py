"""The attentive heads against plain references in float64."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from artbench_attentive.head import AimHead, EfficientHead
from artbench_attentive.settings import divisor

N, T, D, C = 5, 7, 12, 3


def _tokens() -> torch.Tensor:
    return torch.randn(N, T, D, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def _normalised(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """A batch norm in training: the mean and the variance, divided by n, of the batch."""
    return np.asarray((rows - rows.mean(axis=0)) / np.sqrt(rows.var(axis=0) + 1e-6))


def _array(weight: torch.Tensor) -> NDArray[np.float64]:
    return np.asarray(weight.detach().numpy())


def test_efficient_probing_is_as_written_down() -> None:
    torch.manual_seed(1)
    head = EfficientHead(width=D, outputs=C, queries=4).double()
    tokens = _tokens()
    found = _array(head.train()(tokens))
    values = tokens.numpy() @ _array(head.values.weight).T
    pooled = np.zeros((N, D))
    for image in range(N):
        for query in range(4):
            attention = _softmax(
                np.array([tokens[image, t].numpy() @ _array(head.queries[query]) for t in range(T)]) / D**0.5
            )
            piece = slice(query * D // 4, (query + 1) * D // 4)
            pooled[image, piece] = sum(attention[t] * values[image, t, piece] for t in range(T))
    expected = _normalised(pooled) @ _array(head.linear.weight).T + _array(head.linear.bias)
    assert np.abs(found - expected).max() < 1e-6


def test_aim_s_probe_is_as_written_down() -> None:
    torch.manual_seed(2)
    head = AimHead(width=D, outputs=C, queries=3).double()
    tokens = _tokens()
    found = _array(head.train()(tokens))
    normed = _normalised(tokens.numpy().reshape(N * T, D)).reshape(N, T, D)
    keys, values = (normed @ _array(part.weight).T for part in (head.keys, head.values))
    pooled = np.zeros((N, D))
    for image in range(N):
        for one in range(3):
            piece = slice(one * D // 3, (one + 1) * D // 3)
            attention = _softmax(keys[image, :, piece] @ _array(head.query[one]) / (D // 3) ** 0.5)
            pooled[image, piece] = attention @ values[image, :, piece]
    assert np.abs(found - pooled @ _array(head.linear.weight).T).max() < 1e-6


@pytest.mark.parametrize(("kind", "extra"), [(EfficientHead, 0), (AimHead, 2 * D * D)])
def test_heads_have_as_many_weights_as_published(kind: type[EfficientHead] | type[AimHead], extra: int) -> None:
    # For a ViT-B and 1,000 classes: 768 x 768 values, 32 queries, a linear layer.
    wide = EfficientHead(width=768, outputs=1000, queries=32)
    assert sum(weight.numel() for weight in wide.parameters()) == 1_383_400
    head = kind(width=D, outputs=C, queries=3)
    count = sum(weight.numel() for weight in head.parameters())
    assert count == (extra + D + D * C if extra else D * D + 3 * D + (D + 1) * C)


def test_queries_divide_the_width() -> None:
    assert [divisor(width, most=32) for width in (768, 2048, 1280, 100, 7, 37)] == [32, 32, 32, 25, 7, 1]
