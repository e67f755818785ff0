"""A painter's hand, in any style."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Touch:
    """A painter's hand: its effect on marks, lines and shapes.

    Attributes:
        scale: Size of the marks; 1 is usual.
        density: How much of the image is filled, in [0, 1].
        angle: Main direction of the marks, in degrees from the horizontal.
        roughness: Unsteadiness of the hand, in [0, 1].
        curve: Bend of the marks, in [0, 1].
    """

    scale: float
    density: float
    angle: float
    roughness: float
    curve: float

    def on_the_day(self, rng: np.random.Generator) -> "Touch":
        """Return the hand for one image, near its usual values."""
        return replace(
            self,
            scale=self.scale * float(np.exp(rng.normal(0, 0.13))),
            density=_within(self.density + rng.normal(0, 0.07)),
            angle=self.angle + rng.normal(0, 6),
            roughness=_within(self.roughness + rng.normal(0, 0.07)),
            curve=_within(self.curve + rng.normal(0, 0.07)),
        )


def _within(value: float) -> float:
    return float(min(1.0, max(0.0, value)))
