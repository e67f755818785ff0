"""The attentive heads: tokens are pooled by attention that is learnt, and a linear layer follows."""

import math

import torch
from torch import nn

from artbench_attentive.settings import divisor

# Of the batch norms of both originals.
_EPSILON = 1e-6


class EfficientHead(nn.Module):
    """Efficient probing: queries that are learnt attend to the tokens themselves, without a projection of keys.

    Query q weighs the tokens x of an image by softmax(q·x / √d). Values are linear in the tokens and cut along their
    channels into one piece a query: each pools its own. The pieces are normalised over the batch, and a linear layer
    follows (Psomas et al. 2025, arXiv 2506.10178).

    Args:
        width: Length d of a token.
        outputs: Number of outputs.
        queries: Number of queries; at most so many as divide d.
    """

    def __init__(self, *, width: int, outputs: int, queries: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.empty(divisor(width, most=queries), width))
        self.values = nn.Linear(width, width, bias=False)
        self.norm = nn.BatchNorm1d(width, affine=False, eps=_EPSILON)
        self.linear = nn.Linear(width, outputs)
        nn.init.normal_(self.queries, std=0.02)
        nn.init.trunc_normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, t, d) to outputs (n, outputs)."""
        outputs: torch.Tensor = self.linear(self.norm(pooled(tokens, self.queries, self.values.weight)))
        return outputs


class AimHead(nn.Module):
    """The attentive probe of AIM: one query that is learnt, several attention heads with keys and values.

    Tokens are normalised over the batch; keys and values are linear in them, without bias, as is the last layer
    (El-Nouby et al. 2024, arXiv 2401.08541, `AttentionPoolingClassifier`).

    Args:
        width: Length d of a token.
        outputs: Number of outputs.
        queries: Number of attention heads; at most so many as divide d.
    """

    def __init__(self, *, width: int, outputs: int, queries: int) -> None:
        super().__init__()
        heads = divisor(width, most=queries)
        self.norm = nn.BatchNorm1d(width, affine=False, eps=_EPSILON)
        self.query = nn.Parameter(torch.empty(heads, width // heads))
        self.keys = nn.Linear(width, width, bias=False)
        self.values = nn.Linear(width, width, bias=False)
        self.linear = nn.Linear(width, outputs, bias=False)
        nn.init.normal_(self.query, std=0.02)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Map tokens (n, t, d) to outputs (n, outputs)."""
        heads, depth = self.query.shape
        tokens = self.norm(tokens.flatten(0, 1)).view(tokens.shape)
        # q·(K x) is (Kᵀq)·x, so that no token needs a key. `pooled` divides by √d, and the original by √depth.
        queries = torch.einsum("he,hed->hd", self.query, self.keys.weight.view(heads, depth, -1)) * math.sqrt(heads)
        outputs: torch.Tensor = self.linear(pooled(tokens, queries, self.values.weight))
        return outputs


HEADS = {"efficient": EfficientHead, "aim": AimHead}


def pooled(tokens: torch.Tensor, queries: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Pool tokens by attention: concatenate, over the queries, the weighted sum of a query's piece of the values.

    The sum over tokens comes before the projection, which gives the same and projects once an image.

    Args:
        tokens: Shape (n, t, d).
        queries: Shape (q, d), where q divides d.
        values: Weight of the projection of values, shape (d, d); rows are cut into q pieces.

    Returns:
        Shape (n, d).
    """
    count, width = queries.shape
    attention = (tokens @ queries.T / math.sqrt(width)).softmax(dim=1)
    sums = attention.transpose(1, 2) @ tokens
    return torch.einsum("nqd,qed->nqe", sums, values.view(count, width // count, width)).flatten(1)
