"""How a painter's hand works, whatever the style."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Touch:
    """A hand: what it does to marks, lines and shapes.

    Attributes:
        scale: Size of the marks, 1 is usual.
        density: How full the picture is, in [0, 1].
        angle: Direction in degrees that the marks prefer, from the horizontal.
        roughness: How unsteady the hand is, in [0, 1].
        curve: How much the marks bend, in [0, 1].
    """

    scale: float
    density: float
    angle: float
    roughness: float
    curve: float

    def on_the_day(self, rng: np.random.Generator) -> "Touch":
        """The same hand on one day: near its habits, never quite the same."""
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
