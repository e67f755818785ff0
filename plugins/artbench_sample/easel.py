"""What stands before a painter when a picture is begun."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from artbench_sample.touch import Touch

# Shapes are drawn at twice the size and reduced, which smooths their edges.
OVERSAMPLING = 2


@dataclass(frozen=True, kw_only=True)
class Easel:
    """All that a style needs to paint one picture.

    Attributes:
        rng: The picture's own; whatever is left to chance comes from it.
        size: Width and height in pixels.
        colours: float32, shape (6, 3): RGB in [0, 255], from dark to light.
        touch: The painter's hand on this day.
        subject: What is painted, where the style shows anything.
    """

    rng: np.random.Generator
    size: tuple[int, int]
    colours: NDArray[np.float32]
    touch: Touch
    subject: str

    @property
    def large(self) -> tuple[int, int]:
        """Width and height that shapes are drawn at."""
        return self.size[0] * OVERSAMPLING, self.size[1] * OVERSAMPLING

    def colour(self, low: int = 0, high: int = 6) -> NDArray[np.float32]:
        """One of the colours, by chance; from the dark ones or the light ones where `low` or `high` say so."""
        return np.asarray(self.colours[self.rng.integers(low, high)])

    def stretch(self, ground: NDArray[np.float32]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        """An empty picture of the large size in one colour, and what draws on it."""
        image = Image.new("RGB", self.large, paint(ground))
        return image, ImageDraw.Draw(image)

    def reduced(self, image: Image.Image) -> Image.Image:
        """A picture drawn at the large size, at its own."""
        return image.reduce(OVERSAMPLING)


def paint(colour: NDArray[np.float32]) -> tuple[int, int, int]:
    """A colour as Pillow wants it."""
    red, green, blue = np.clip(colour, 0, 255).astype(np.uint8).tolist()
    return red, green, blue


def as_inks(colours: NDArray[np.float64]) -> list[int]:
    """Many colours, shape (n, 3), as Pillow takes them soonest: one number each."""
    red, green, blue = np.clip(colours, 0, 255).astype(np.int64).T
    inks: list[int] = (red | green << 8 | blue << 16).tolist()
    return inks
