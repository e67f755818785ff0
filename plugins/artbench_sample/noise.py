"""Smooth random fields."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def smooth_noise(
    rng: np.random.Generator, size: tuple[int, int], *, cell: float, across: float | None = None
) -> NDArray[np.float32]:
    """A random field without sharp edges, of mean 0 and a standard deviation of about 0.7.

    Args:
        rng: Where it comes from.
        size: Width and height in pixels.
        cell: Distance in pixels over which it changes, from side to side and, without `across`, downwards.
        across: The same, downwards.

    Returns:
        float32, shape (height, width).
    """
    width, height = size
    columns = max(2, int(width / cell) + 2)
    rows = max(2, int(height / (across or cell)) + 2)
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    image = Image.fromarray(coarse)
    if min(cell, across or cell) >= 20:
        # Nothing changes within a few pixels: most of the way in a quarter of the size, which is much quicker.
        image = image.resize((width // 4, height // 4), Image.Resampling.BICUBIC)
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))
