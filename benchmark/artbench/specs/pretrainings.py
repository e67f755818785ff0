"""What registers a source of weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artbench.specs.factories import Factory

if TYPE_CHECKING:
    from artbench.encoders.backbone import Backbone
    from artbench.encoders.weights import Weights
    from artbench.pretrain.method import Method

# In a record, the source of untrained weights; such rows are there for comparison.
INITIALISATION = "initialisation"


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainingSpec:
    """A source of weights for backbones: published weights, or a method that trains them.

    Attributes:
        name: `imagenet`.
        description: One line.
        weights: `(backbone) -> Weights`: the weights for this backbone, which holds its initialisation. Raises
            `artbench.errors.ArtbenchError` if there are none.
        method: `() -> Method`, instead of `weights`: how they are trained.
        seeded: Whether the weights depend on the run's seed (as `random` does).

    Raises:
        ValueError: Neither `weights` nor `method` is given, or both are.

    Examples:
        >>> from artbench.specs import PretrainingSpec
        >>> PretrainingSpec(name="prints", description="Trained on prints.", weights="my.weights:prints").seeded
        False
    """

    name: str
    description: str
    weights: Factory[[Backbone], Weights] | None = None
    method: Factory[[], Method] | None = None
    seeded: bool = False

    def __post_init__(self) -> None:
        if (self.weights is None) == (self.method is None):
            raise ValueError(f"pretraining {self.name} needs either weights or a method")
