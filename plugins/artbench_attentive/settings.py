"""What an attentive probe chooses from, and how many weights it has, without torch, for the check of records."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is chosen on held-out images.

    Attributes:
        rate: Learning rate of AdamW at its peak.
        decay: Weight decay of all weights but biases.
        epochs: Passes over the images.
    """

    rate: float
    decay: float
    epochs: int


def grid(settings: Mapping[str, Any]) -> list[Setting]:
    """Return all settings to choose from, in the order in which they win ties."""
    return [
        Setting(rate=rate, decay=decay, epochs=epochs)
        for epochs, decay, rate in product(
            sorted(settings["epochs"]), sorted(settings["decays"], reverse=True), sorted(settings["rates"])
        )
    ]


def divisor(width: int, *, most: int) -> int:
    """Return the largest number up to `most` that divides `width`.

    Examples:
        >>> from artbench_attentive.settings import divisor
        >>> divisor(384, most=32), divisor(100, most=32)
        (32, 25)
    """
    return max(number for number in range(1, most + 1) if width % number == 0)


def outputs_of(parameters: int, *, pooling: str, width: int, queries: int) -> float:
    """Return the number of outputs with which a head has so many weights: no whole number if it can't have them.

    Args:
        parameters: Number of weights.
        pooling: `efficient` or `aim`.
        width: Length of a token.
        queries: Number of queries, or of AIM's attention heads.

    Examples:
        >>> from artbench_attentive.settings import outputs_of
        >>> outputs_of(1_383_400, pooling="efficient", width=768, queries=32)
        1000.0
    """
    if pooling == "aim":
        return (parameters - width - 2 * width**2) / width
    return (parameters - divisor(width, most=queries) * width - width**2) / (width + 1)
