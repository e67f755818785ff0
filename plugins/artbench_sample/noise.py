"""Smooth random fields."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def smooth_noise(
    rng: np.random.Generator, size: tuple[int, int], *, cell: float, across: float | None = None
) -> NDArray[np.float32]:
    """Draw a smooth random field of mean 0 and a standard deviation of about 0.7.

    Args:
        rng: Generator.
        size: Width and height in pixels.
        cell: Horizontal distance in pixels over which it changes.
        across: The same, vertically; None: `cell`.

    Returns:
        float32, shape (height, width).
    """
    width, height = size
    columns = max(2, int(width / cell) + 2)
    rows = max(2, int(height / (across or cell)) + 2)
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    image = Image.fromarray(coarse)
    if min(cell, across or cell) >= 20:
        # A field that changes slowly is made at a quarter of the size, which is much faster.
        image = image.resize((width // 4, height // 4), Image.Resampling.BICUBIC)
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))
