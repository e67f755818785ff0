"""The text side of a backbone: what turns texts into vectors that its features can be compared with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True, kw_only=True)
class TextSide:
    """Tokeniser and text tower of a network that was trained on pictures with captions.

    Attributes:
        embed: `(texts) -> tensor`: one vector for each text, floating point, shape (n, feature_dim), in the space of
            the features of pictures, so that the cosine of a text and a picture says how well they fit. Raises
            `artbench.errors.ArtbenchError` for a text that it can't take whole.
        scale: What the network multiplies cosines with before the softmax over texts; 100 for the published CLIP.

    Raises:
        ValueError: The scale is not above zero and finite.

    Examples:
        >>> import torch
        >>> from artbench.encoders import TextSide
        >>> letters = TextSide(embed=lambda texts: torch.tensor([[len(text), 1.0] for text in texts]), scale=100.0)
        >>> letters.embed(["a fresco"]).shape
        torch.Size([1, 2])
    """

    embed: Callable[[Sequence[str]], torch.Tensor]
    scale: float

    def __post_init__(self) -> None:
        if not 0 < self.scale < float("inf"):
            raise ValueError(f"the scale of a text side is {self.scale}, not above zero and finite")
