"""Images as three planes, for arithmetic.

The colour is the first axis, so that adding one plane to all three is fast; as the last axis, NumPy would loop over
three numbers at a time.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Planes: TypeAlias = NDArray[np.float32]


def planes_of(image: Image.Image) -> Planes:
    """Convert an RGB image to float32, shape (3, height, width), in [0, 255]."""
    return np.stack([np.asarray(band, dtype=np.float32) for band in image.split()])


def image_of(planes: Planes) -> Image.Image:
    """Convert planes to an RGB image; values outside [0, 255] are clipped."""
    levels = np.clip(planes, 0, 255).astype(np.uint8)
    return Image.merge("RGB", [Image.fromarray(level) for level in levels])


def even(colour: NDArray[np.float32]) -> Planes:
    """Convert a colour, shape (3,), to planes of one pixel, shape (3, 1, 1)."""
    return colour.astype(np.float32)[:, None, None]


def luma(planes: Planes) -> NDArray[np.float32]:
    """Return the luma in [0, 255], shape (height, width) (ITU-R BT.601)."""
    weighed: NDArray[np.float32] = 0.299 * planes[0] + 0.587 * planes[1] + 0.114 * planes[2]
    return weighed
