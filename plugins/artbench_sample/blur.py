"""Blurring of single planes."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def blurred(plane: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """A plane of float32, shape (height, width), without its details smaller than about `2 * radius` pixels.

    By shrinking and enlarging: Pillow's blurs take no floating-point pictures.
    """
    image = Image.fromarray(plane)
    step = radius + 1
    small = image.resize((max(2, image.width // step), max(2, image.height // step)), Image.Resampling.BOX)
    return np.asarray(small.resize(image.size, Image.Resampling.BICUBIC))
