"""Blurring of single planes."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def blurred(plane: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Remove details smaller than about `2 * radius` pixels from a float32 plane, shape (height, width).

    The plane is shrunk and enlarged, since Pillow's blurs take no floating-point images.
    """
    image = Image.fromarray(plane)
    step = radius + 1
    small = image.resize((max(2, image.width // step), max(2, image.height // step)), Image.Resampling.BOX)
    return np.asarray(small.resize(image.size, Image.Resampling.BICUBIC))
