"""What a style needs to paint an image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from artbench_sample.touch import Touch

# Shapes are drawn at twice the size and reduced, which smooths their edges.
OVERSAMPLING = 2


@dataclass(frozen=True, kw_only=True)
class Easel:
    """All that a style needs to paint one image.

    Attributes:
        rng: Generator of the image.
        size: Width and height in pixels.
        colours: float32, shape (6, 3): RGB in [0, 255], from dark to light.
        touch: The painter's hand for this image.
        subject: What is painted, if the style is figurative.
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
        """Draw one of the colours from `low` up to but without `high`; the dark ones come first."""
        return np.asarray(self.colours[self.rng.integers(low, high)])

    def stretch(self, ground: NDArray[np.float32]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        """Return an image of the large size in one colour, and the object that draws on it."""
        image = Image.new("RGB", self.large, paint(ground))
        return image, ImageDraw.Draw(image)

    def reduced(self, image: Image.Image) -> Image.Image:
        """Reduce an image from the large size to its own."""
        return image.reduce(OVERSAMPLING)


def paint(colour: NDArray[np.float32]) -> tuple[int, int, int]:
    """Convert a colour to Pillow's form."""
    red, green, blue = np.clip(colour, 0, 255).astype(np.uint8).tolist()
    return red, green, blue


def as_inks(colours: NDArray[np.float64]) -> list[int]:
    """Convert colours, shape (n, 3), to one number each, which Pillow takes fastest."""
    red, green, blue = np.clip(colours, 0, 255).astype(np.int64).T
    inks: list[int] = (red | green << 8 | blue << 16).tolist()
    return inks
