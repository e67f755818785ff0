"""The subject of an image: a few coloured shapes before a sky."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from artbench_sample.easel import Easel, paint
from artbench_sample.subjects import SUBJECTS, Outline


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A subject in its colours, not yet in any style.

    Attributes:
        sky: float32, shape (2, 3): RGB in [0, 255] at the top and at the bottom.
        outlines: Shape (n, 2) each, x and y in [0, 1] of width and height, from back to front.
        colours: float32, shape (3,) each: RGB of the shapes.
    """

    sky: NDArray[np.float32]
    outlines: Sequence[Outline]
    colours: Sequence[NDArray[np.float32]]

    def drawn(self, size: tuple[int, int]) -> Image.Image:
        """Draw the scene in flat colours."""
        width, height = size
        fade = Image.fromarray(np.clip(self.sky, 0, 255).astype(np.uint8)[:, None])
        image = fade.resize((width, height), Image.Resampling.BICUBIC)
        draw = ImageDraw.Draw(image)
        for outline, colour in zip(self.outlines, self.colours, strict=True):
            draw.polygon(on_canvas(outline, size), fill=paint(colour))
        return image


def compose(easel: Easel) -> Scene:
    """Compose the easel's subject at a random zoom and side, in the easel's colours."""
    rng = easel.rng
    drawn = SUBJECTS[easel.subject](rng)
    zoom = rng.uniform(0.8, 1.35)
    shift = rng.normal(0, 0.07, 2)
    mirror = np.array([1.0 if rng.random() < 0.5 else -1.0, 1.0])
    light_sky = rng.random() < 0.65
    sky = np.stack([easel.colour(3, 6), easel.colour(3, 6)] if light_sky else [easel.colour(0, 3), easel.colour(1, 4)])
    outlines, colours = [], []
    for outline, tone in drawn:
        outlines.append((outline - 0.5) * zoom * mirror + 0.5 + shift)
        place = tone if light_sky else 1 - tone
        chosen = easel.colours[int(np.clip(round(place * 5 + rng.normal(0, 0.9)), 0, 5))]
        colours.append(chosen + rng.normal(0, 10, 3).astype(np.float32))
    return Scene(sky=sky, outlines=outlines, colours=colours)


def on_canvas(outline: Outline, size: tuple[int, int]) -> list[tuple[float, float]]:
    """Convert an outline to pixels, in Pillow's form."""
    return [(x, y) for x, y in (outline * np.array(size)).tolist()]
